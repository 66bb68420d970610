"""A running `mainstay` command and its result."""

import json
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
COMMAND_TIMEOUT_S = 60.0


@dataclass(frozen=True, repr=False)
class CommandResult:
    """The exit code and output of a command."""

    words: str
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def __repr__(self) -> str:
        return f"{self.words} exited with {self.code}\n{self.out[-6000:]}\n{self.err[-6000:]}"


class Command:
    """A running command. With `--output json`, tests can wait for its events."""

    def __init__(self, words: str, child: subprocess.Popen[str], on_result: Callable[[CommandResult], None]) -> None:
        self.pid = child.pid
        self._words, self._child, self._on_result = words, child, on_result
        self._lines: dict[str, list[str]] = {"out": [], "err": []}
        self._changed = threading.Condition()
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self._lines]
        for reader in self._readers:
            reader.start()

    @property
    def events(self) -> list[Document]:
        with self._changed:
            return [json.loads(line) for line in self._lines["out"] if line.startswith("{")]

    def wait_for_event(self, name: str, step: str = "", *, within: float = 30.0) -> Document:
        """Return the first event *name* of a step whose title contains *step*."""

        def find() -> Document | None:
            matching = (e for e in self.events if e.get("event") == name and step in (e.get("title") or ""))
            return next(matching, None)

        self._wait_until(lambda: find() is not None, within)
        assert find() is not None, f"no event {name} {step!r}\n{self._result()}"
        return find() or {}

    def wait_for_step(self, title: str, *, within: float = 30.0) -> None:
        """Wait until the step whose title contains *title* is done."""
        number = self.wait_for_event("started", title, within=within)["step"]

        def done() -> bool:
            return any(e.get("event") == "done" and e.get("step") == number for e in self.events)

        self._wait_until(done, within)
        assert done(), f"{title!r} was not done\n{self._result()}"

    def wait_for_message(self, text: str, *, within: float = 10.0) -> None:
        """Wait until standard error contains *text*."""

        def printed() -> bool:
            return text in "".join(self._lines["err"])

        self._wait_until(printed, within)
        assert printed(), f"{text!r} was not printed\n{self._result()}"

    def send(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def kill(self) -> None:
        """Send SIGKILL and wait for the exit."""
        self._child.kill()
        self.wait()

    def exits_within(self, seconds: float) -> bool:
        """Wait at most *seconds*; return whether the command has exited."""
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def has_exited(self) -> bool:
        return self._child.poll() is not None

    def wait(self, *, within: float = COMMAND_TIMEOUT_S) -> CommandResult:
        """Return the result; kill the command and fail if it takes longer than *within* seconds."""
        if not self.exits_within(within):
            self._child.kill()
            raise AssertionError(f"timed out after {within:g} s\n{self._result()}")
        for reader in self._readers:
            reader.join(5)
        result = self._result()
        self._on_result(result)
        return result

    def _result(self) -> CommandResult:
        out, err = ("".join(self._lines[name]) for name in ("out", "err"))
        return CommandResult(self._words, self._child.returncode or 0, out, err)

    def _wait_until(self, predicate: Callable[[], bool], within: float) -> None:
        """Wait until *predicate* is true, the output has ended or *within* seconds have passed."""
        with self._changed:
            self._changed.wait_for(lambda: predicate() or not self._is_running(), within)

    def _is_running(self) -> bool:
        return any(reader.is_alive() for reader in self._readers)

    def _read(self, name: str) -> None:
        stream = self._child.stdout if name == "out" else self._child.stderr
        for line in stream or ():
            with self._changed:
                self._lines[name].append(line)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()
