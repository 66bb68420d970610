"""A checkout with its state, keys and home directory, for the length of one test."""

import http.client
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from mainstay.model import Environment
from tests.journeys import machine
from tests.journeys.command import COMMAND_TIMEOUT_S, Command, CommandResult, Document
from tests.journeys.machine import Process, wait_until
from tests.journeys.users import MAINSTAY, User


class Version(Protocol):
    """One version of a system, as the files of a checkout."""

    def write(self, folder: Path) -> None: ...


V = TypeVar("V", bound=Version)


@dataclass
class Sandbox:
    """Everything is inside `folder`; `tear_down` removes it and fails if a process is left."""

    user: User
    folder: Path
    explicit_state: bool = True
    """False: commands get no `--state`, so Mainstay uses its default folder below HOME."""
    extra_environments: list[tuple[Path | None, tuple[str, ...]]] = field(default_factory=list)
    """Further environments to stop in `tear_down`: the checkout (None: the usual one) and the command's options."""
    commands: list[Command] = field(default_factory=list)
    results: list[CommandResult] = field(default_factory=list)

    @classmethod
    def make(cls, user: User, *, explicit_state: bool = True) -> "Sandbox":
        folder = Path(tempfile.mkdtemp(prefix="ms-", dir="/tmp"))
        sandbox = cls(user, folder, explicit_state)
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
    def env(self) -> dict[str, str]:
        """The variables of the shell that runs the commands; nothing is inherited from the test process."""
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"PATH": path, "LANG": "C.UTF-8", "HOME": str(self.home), "MAINSTAY_KEYS": str(self.keys)}

    def write(self, version: V) -> V:
        """Replace the checkout's files with those of *version*."""
        version.write(self.checkout)
        return version

    def commit(self, tag: str, *, folder: Path | None = None) -> None:
        """Commit every file of *folder* (default: the checkout) and tag the commit."""
        git = ["git", "-c", "user.name=ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"]
        for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "-m", tag], ["tag", tag]):
            subprocess.run(
                [*git, *words], cwd=folder or self.checkout, check=True, env=self.env, **self.user.process_options
            )

    def start(
        self, *words: str, checkout: Path | None = None, exported: Mapping[str, str] | None = None, **settings: Any
    ) -> Command:
        """Start `mainstay …` in a shell that also has *exported*, without waiting for it."""
        state = ["--state", str(self.state)] if self.explicit_state else []
        child = subprocess.Popen(
            [MAINSTAY, *state, *words],
            cwd=checkout or self.checkout,
            env=self.env | dict(exported or {}),
            text=True,
            start_new_session=True,
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings},
            **self.user.process_options,
        )
        command = Command(" ".join(words), child, self.results.append)
        self.commands.append(command)
        return command

    def start_with_events(self, *words: str) -> Command:
        """Start a command that prints its events, so that the test can wait for them."""
        return self.start("--output", "json", *words)

    def run(
        self, *words: str, code: int | None = 0, within: float = COMMAND_TIMEOUT_S, **settings: Any
    ) -> CommandResult:
        """Run a command and return its result; fail unless it exits with *code* (None: any code)."""
        result = self.start(*words, **settings).wait(within=within)
        assert code is None or result.code == code, f"expected exit code {code}: {result}"
        return result

    def query(self, *words: str, code: int | None = 0, **settings: Any) -> Any:
        """Return the JSON document that a command prints."""
        return self.run("--output", "json", *words, code=code, **settings).json

    def ship(self, version: Version, *words: str) -> CommandResult:
        """Write *version* and deploy it, with `up --yes` unless *words* name another command."""
        self.write(version)
        return self.run(*(words or ("up", "--yes")))

    def start_deploy(self, version: Version, step: str) -> Command:
        """Write *version*, start its deploy and wait until the step whose title contains *step* has started."""
        self.write(version)
        deploy = self.start_with_events("deploy", "--yes")
        deploy.wait_for_event("started", step)
        return deploy

    def status(self) -> Document:
        found: Document = self.query("status", code=None)
        return found

    @property
    def url(self) -> str:
        """The address of the front door."""
        return str(self.status()["url"])

    def get(self, path: str = "/", *, method: str = "GET", url: str = "") -> tuple[int, str]:
        """Send one request through the front door on a new connection; return status and body.

        Without a response the status is 0 and the body is the error.
        """
        address = (url or self.url).removeprefix("http://").rstrip("/")
        connection = http.client.HTTPConnection(address, timeout=10)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            return response.status, response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            return 0, repr(error)
        finally:
            connection.close()

    def processes(self, *texts: str) -> list[Process]:
        """Return the processes of this sandbox whose command line contains all *texts*."""
        return [process for process in machine.processes(self.folder) if all(t in process.command for t in texts)]

    def process(self, text: str) -> Process:
        """Wait for a process whose command line contains *text*, and return it."""
        return wait_until(lambda: next(iter(self.processes(text)), None), within=15, what=text)

    def job(self, *texts: str) -> list[Process]:
        """Return the stub and the processes of the running job whose command line contains all *texts*."""
        workers = self.processes(*texts)
        return self.processes("process_stub") + workers if workers else []

    def instances(self) -> list[Process]:
        """Return the processes of the application."""
        return [process for process in self.processes() if process.command.rstrip().endswith(" app.py")]

    def posted_paths(self) -> list[str]:
        """Return the paths of the POST requests that the application has counted."""
        file = self.state / "volumes" / "posts" / "posts"
        return [line.removesuffix("\n") for line in file.read_text().splitlines()] if file.exists() else []

    def tear_down(self) -> None:
        """Run `down`, remove all files and users, and fail if `down` failed or left a process."""
        for command in self.commands:
            if not command.has_exited:
                command.kill()
        try:
            results = self._stop_environments()
            left = self.processes()
        finally:
            machine.kill_all(self.folder)
            self._remove_users()
            for state in self._system_states():
                shutil.rmtree(state, ignore_errors=True)
            shutil.rmtree(self.folder, ignore_errors=True)
        assert [str(result) for result in results if result.code != 0] == []
        assert left == [], f"processes left after down: {left}"

    def _stop_environments(self) -> list[CommandResult]:
        usual: list[tuple[Path | None, tuple[str, ...]]] = (
            [(None, ())] if (self.state / "environment.json").exists() else []
        )
        results = []
        for checkout, options in [*usual, *self.extra_environments]:
            result = self.run(*options, "down", "--yes", code=None, checkout=checkout)
            if result.code == 4:
                self.run(*options, "abort", code=None, checkout=checkout)
                result = self.run(*options, "down", "--yes", code=None, checkout=checkout)
            results.append(result)
        return results

    def _system_states(self) -> list[Path]:
        """Return the state folders below /var/lib that root's commands made for checkouts of this sandbox."""
        if self.explicit_state or not self.user.is_root:
            return []
        environments = Path("/var/lib/mainstay").glob("*/environment.json")
        return [path.parent for path in environments if str(self.folder).encode() in path.read_bytes()]

    def _remove_users(self) -> None:
        for file in self.folder.rglob("environment.json"):
            environment = msgspec.json.decode(file.read_bytes(), type=Environment)
            for name in {environment.user, environment.datastore_user} - {""}:
                if self.user.is_root and name.startswith("ms-") and any(name == e.pw_name for e in pwd.getpwall()):
                    subprocess.run(["userdel", name], check=False, capture_output=True)


def use_any_port(manifest: Path) -> None:
    """Make the edge of *manifest* listen on a free port instead of 8080."""
    manifest.write_text(manifest.read_text().replace("edge:\n", "edge:\n  http: auto\n"))
