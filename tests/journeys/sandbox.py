"""A place where a system lives for the length of a test: its checkout, its state, its keys, and who types there."""

import http.client
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from mainstay.model import Environment
from tests.journeys import machine
from tests.journeys.machine import Process, until
from tests.journeys.users import MAINSTAY, User

Document = dict[str, Any]
ENDS_WITHIN_S = 60.0


class Version(Protocol):
    """A version of a system, as files of a checkout."""

    def write(self, folder: Path) -> None: ...


V = TypeVar("V", bound=Version)


@dataclass(frozen=True, repr=False)
class CommandResult:
    """How a command ended and what it said."""

    typed: str
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def __repr__(self) -> str:
        return f"{self.typed} ended with {self.code}\n{self.out[-6000:]}\n{self.err[-6000:]}"


class Command:
    """A command that runs. Run with `--output json`, its events can be waited for."""

    def __init__(self, typed: str, child: subprocess.Popen[str], results: Callable[[CommandResult], None]) -> None:
        self.pid = child.pid
        self._typed, self._child, self._on_result = typed, child, results
        self._lines: dict[str, list[str]] = {"out": [], "err": []}
        self._changed = threading.Condition()
        self._readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self._lines]
        for reader in self._readers:
            reader.start()

    @property
    def events(self) -> list[Document]:
        with self._changed:
            return [json.loads(line) for line in self._lines["out"] if line.startswith("{")]

    def event(self, name: str, step: str = "", *, within: float = 30.0) -> Document:
        """The first event *name*, of a step whose title holds *step*."""

        def found() -> Document | None:
            fitting = (e for e in self.events if e.get("event") == name and step in (e.get("title") or ""))
            return next(fitting, None)

        with self._changed:
            over = self._changed.wait_for(lambda: found() is not None or not self._is_running(), within)
        assert found() is not None, f"no event {name} {step!r} ({'ended' if over else 'too late'})\n{self._result()}"
        return found() or {}

    def step_done(self, title: str, *, within: float = 30.0) -> None:
        """Wait until the step whose title holds *title* is done."""
        number = self.event("started", title, within=within)["step"]

        def done() -> bool:
            return any(e.get("event") == "done" and e.get("step") == number for e in self.events)

        with self._changed:
            self._changed.wait_for(lambda: done() or not self._is_running(), within)
        assert done(), f"{title!r} was not done\n{self._result()}"

    def message(self, text: str, *, within: float = 10.0) -> None:
        """Wait until it has said *text* on standard error."""
        with self._changed:
            self._changed.wait_for(lambda: text in "".join(self._lines["err"]) or not self._is_running(), within)
            assert text in "".join(self._lines["err"]), f"{text!r} was never said\n{self._result()}"

    def send(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._child.kill()
        self.wait()

    def ends_within(self, seconds: float) -> bool:
        """Whether it ends by itself in this time."""
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def ended(self) -> bool:
        return self._child.poll() is not None

    def wait(self, *, within: float = ENDS_WITHIN_S) -> CommandResult:
        """How it ended."""
        try:
            self._child.wait(within)
        except subprocess.TimeoutExpired:
            self._child.kill()
            raise AssertionError(f"not ended after {within:g} s\n{self._result()}") from None
        for reader in self._readers:
            reader.join(5)
        result = self._result()
        self._on_result(result)
        return result

    def _result(self) -> CommandResult:
        out, err = ("".join(self._lines[name]) for name in ("out", "err"))
        return CommandResult(self._typed, self._child.returncode or 0, out, err)

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


@dataclass
class Sandbox:
    """`folder` holds all of it; `end` leaves nothing behind, and says so."""

    user: User
    folder: Path
    given_state: bool = True
    """False: the state lies where Mainstay puts it by itself, below HOME."""
    shipped: list[tuple[Path | None, tuple[str, ...]]] = field(default_factory=list)
    """Checkouts and environments beside the usual one that are to be laid down at the end."""
    commands: list[Command] = field(default_factory=list)
    results: list[CommandResult] = field(default_factory=list)

    @classmethod
    def make(cls, user: User, *, given_state: bool = True) -> "Sandbox":
        folder = Path(tempfile.mkdtemp(prefix="ms-", dir="/tmp"))
        sandbox = cls(user, folder, given_state)
        for each in (folder, sandbox.checkout, sandbox.home, sandbox.keys):
            each.mkdir(exist_ok=True)
            each.chmod(0o755)
            if user.uid is not None and user.gid is not None:
                os.chown(each, user.uid, user.gid)
        return sandbox

    @property
    def checkout(self) -> Path:
        return self.folder / "checkout"

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def keys(self) -> Path:
        return self.folder / "keys"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def environment(self) -> dict[str, str]:
        """What its shell has, and nothing of ours."""
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"PATH": path, "LANG": "C.UTF-8", "HOME": str(self.home), "MAINSTAY_KEYS": str(self.keys)}

    def write(self, version: V) -> V:
        """Let the checkout be *version*."""
        version.write(self.checkout)
        return version

    def start(
        self, *words: str, checkout: Path | None = None, exported: Mapping[str, str] | None = None, **settings: Any
    ) -> Command:
        """Type `mainstay …` in a shell that also has *exported*, and do not wait."""
        state = ["--state", str(self.state)] if self.given_state else []
        typed = [MAINSTAY, *state, *words]
        child = subprocess.Popen(
            typed,
            cwd=checkout or self.checkout,
            env=self.environment | dict(exported or {}),
            text=True,
            start_new_session=True,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings},
            **self.user.as_user,
        )
        command = Command(" ".join(words), child, self.results.append)
        self.commands.append(command)
        return command

    def begin(self, *words: str) -> Command:
        """Type a command whose events are to be waited for."""
        return self.start("--output", "json", *words)

    def run(self, *words: str, code: int | None = 0, within: float = ENDS_WITHIN_S, **settings: Any) -> CommandResult:
        """Type a command and wait for its end; *ends* None: whichever."""
        result = self.start(*words, **settings).wait(within=within)
        assert code is None or result.code == code, f"{code} was expected: {result}"
        return result

    def query(self, *words: str, code: int | None = 0, **settings: Any) -> Any:
        """The document that a query prints."""
        return self.run("--output", "json", *words, code=code, **settings).json

    def ship(self, version: Version, *words: str) -> CommandResult:
        """Deploy *version*."""
        self.write(version)
        return self.run(*(words or ("up", "--yes")))

    def status(self) -> Document:
        found: Document = self.query("status", code=None)
        return found

    @property
    def url(self) -> str:
        """The front door."""
        return str(self.status()["url"])

    def get(self, path: str = "/", *, method: str = "GET", url: str = "") -> tuple[int, str]:
        """One request through the front door, over a connection of its own. 0: nobody answered."""
        address = (url or self.url).removeprefix("http://").rstrip("/")
        connection = http.client.HTTPConnection(address, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as trouble:
            return 0, repr(trouble)
        finally:
            connection.close()

    def processes(self) -> list[Process]:
        return machine.processes(self.folder)

    def process(self, mark: str) -> Process:
        """The one whose command line holds *mark*, waited for."""
        return until(lambda: next((one for one in self.processes() if mark in one.command), None), within=15, what=mark)

    def instances(self) -> list[Process]:
        """Processes of the application."""
        return [one for one in self.processes() if one.command.rstrip().endswith(" app.py")]

    def posted(self) -> list[str]:
        """Paths of the POSTs that were counted."""
        file = self.state / "volumes" / "posts" / "posts"
        return [line.removesuffix("\n") for line in file.read_text().splitlines()] if file.exists() else []

    def end(self) -> None:
        """`down`, then nothing of it may be left: no process, no user, no file."""
        for command in self.commands:
            if not command.ended:
                command.kill()
        try:
            downs = self._downs()
            left = self.processes()
        finally:
            machine.end_all(self.folder)
            self._forget_users()
            for state in self._system_states():
                shutil.rmtree(state, ignore_errors=True)
            shutil.rmtree(self.folder, ignore_errors=True)
        assert [str(down) for down in downs if down.code != 0] == []
        assert left == [], f"left behind after down: {left}"

    def _downs(self) -> list[CommandResult]:
        here: list[tuple[Path | None, tuple[str, ...]]] = (
            [(None, ())] if (self.state / "environment.json").exists() else []
        )
        downs = []
        for at, words in [*here, *self.shipped]:
            if self.run(*words, "down", "--yes", code=None, checkout=at).code == 4:
                self.run(*words, "abort", code=None, checkout=at)
            downs.append(self.run(*words, "down", "--yes", code=None, checkout=at))
        return downs

    def _system_states(self) -> list[Path]:
        """Return the states that root's commands made outside the folder, for checkouts inside it."""
        if self.given_state or not self.user.is_root:
            return []
        environments = Path("/var/lib/mainstay").glob("*/environment.json")
        return [path.parent for path in environments if str(self.folder).encode() in path.read_bytes()]

    def _forget_users(self) -> None:
        for kept in self.folder.rglob("environment.json"):
            environment = msgspec.json.decode(kept.read_bytes(), type=Environment)
            for name in {environment.user, environment.datastore_user} - {""}:
                if self.user.is_root and name.startswith("ms-") and any(name == e.pw_name for e in pwd.getpwall()):
                    subprocess.run(["userdel", name], check=False, capture_output=True)
