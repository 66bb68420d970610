"""The build of a source tree: its commands as jobs of the target, and the environment in which they run."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from mainstay.drivers.targets import jobs
from mainstay.drivers.targets.preparation import Preparation
from mainstay.drivers.targets.process.access import refuse_unrunnable
from mainstay.drivers.targets.process.host import Host
from mainstay.drivers.targets.process.programs import python_folder
from mainstay.drivers.targets.target import RunTarget, Target
from mainstay.model import Job, Secret, SourceTree, Value
from mainstay.system import sealed_tree
from mainstay.system.users import identity

PASSED_ON = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"})
PASSED_ON_PREFIXES = ("PIP_", "UV_", "NPM_CONFIG_")
WITHHELD = frozenset(
    {"UV_CACHE_DIR", "PIP_CACHE_DIR", "NPM_CONFIG_CACHE", "NPM_CONFIG_PREFIX", "PIP_TARGET", "PIP_PREFIX"}
    | {
        "UV_PROJECT_ENVIRONMENT",
        "UV_PYTHON",
        "UV_PYTHON_INSTALL_DIR",
        "UV_TOOL_DIR",
        "UV_LINK_MODE",
        "PIP_REQUIRE_VIRTUALENV",
    }
)
"""Variables with one of these prefixes that builds do not get: builds run as another user, with their own folders."""


@dataclass(frozen=True, slots=True)
class Build:
    """The build of the source tree `tree`. Each attempt runs every command as a job with an id of its own."""

    host: Host
    tree: SourceTree
    preparation: Preparation
    target: Target

    def run(self, run: RunTarget, copy: Callable[[], None]) -> None:
        """Run every command in the content folder; *copy* puts a fresh copy of the source there when an attempt begins.

        After an unknown outcome another attempt begins. Raises StepFailed when a command fails, and after `jobs.TRIES`
        unknown outcomes.
        """
        for _ in range(jobs.TRIES):
            attempt = self._attempt()
            if not self.was_started(attempt):
                copy()
            if all(self._finish(run, attempt, number) for number in range(len(self.tree.build))):
                return
        raise jobs.outcome_unknown(f"the build of {self.preparation.what}")

    def was_started(self, attempt: int) -> bool:
        """Return whether a command of *attempt* was ever started."""
        return any(jobs.known(self.target, name) for name in self._jobs(attempt))

    def stop(self, run: RunTarget) -> None:
        """Stop every command of every attempt."""
        for attempt in range(1, self._attempt() + 1):
            for name in self._jobs(attempt):
                if jobs.known(run, name):
                    run.stop_job(name)

    def _finish(self, run: RunTarget, attempt: int, number: int) -> bool:
        """Run command *number*. Return True when it has succeeded, False when its outcome is unknown."""
        tree, folder = self.tree, self.host.folders.content(self.tree.key)
        command = tree.build[number]
        if "/" in command[0]:
            refuse_unrunnable(folder / command[0], folder, tree.source, build_path(tree, self.host))
        if tree.user and number == 0 and not self.was_started(attempt):
            sealed_tree.give(folder, identity(tree.user).uid, identity(tree.user).gid)
        job = Job(
            id=self._jobs(attempt)[number],
            title=f"Build {self.preparation.what}: {' '.join(command)}",
            command=command,
            folder=str(folder),
            environment=build_environment(tree, self.host),
            user=tree.user,
            within_s=tree.build_within_s,
        )
        return (
            jobs.finish(run, self.preparation.waiter, job, remedy="fix the build, then mainstay deploy").state
            == "ended"
        )

    def _attempt(self) -> int:
        """Return the number of the current attempt, from 1: the first one without a lost job."""
        for attempt in count(1):
            if "lost" not in [self.target.job_state(name).state for name in self._jobs(attempt)]:
                return attempt
        raise AssertionError("unreachable: count() is infinite")

    def _jobs(self, attempt: int) -> list[str]:
        return [f"{self.preparation.job}-{attempt}-{number}" for number in range(1, len(self.tree.build) + 1)]


def build_environment(tree: SourceTree, host: Host) -> dict[str, Value]:
    """Return the variables of a build: PATH, those of the plan, and the proxy and package settings of this process.

    The settings may contain passwords, and jobs are stored in plain text. So the settings are kept in the sealed file,
    and the job has references to them.
    """
    found: dict[str, Value] = {"PATH": build_path(tree, host)}
    found |= {
        name: host.sealed.keep(f"build.{name}", Secret(value))
        for name, value in sorted(os.environ.items())
        if _is_passed_on(name.upper())
    }
    found |= {name: value for name, _, value in (each.partition("=") for each in tree.reads)}
    return found


def build_path(tree: SourceTree, host: Host) -> str:
    """Return the PATH of builds: the folder of the interpreter, the release's PATH, then the PATH of this process.

    The last part makes the operator's compilers and package managers available; the artifact's key does not include it.
    """
    python = str(python_folder(host)) if tree.python else ""
    # Relative entries are dropped, because they would find programs of the source.
    shell = [folder for folder in os.environ.get("PATH", "").split(":") if folder.startswith("/")]
    return ":".join(dict.fromkeys(filter(None, [python, *tree.path.split(":"), *shell])))


def _is_passed_on(name: str) -> bool:
    return name in PASSED_ON or (name.startswith(PASSED_ON_PREFIXES) and name not in WITHHELD)
