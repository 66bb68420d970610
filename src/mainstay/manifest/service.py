"""Services: what runs, from which content, how its health is checked, and how a new revision replaces the old one."""

import signal
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from mainstay.manifest.base import Section, wrong
from mainstay.manifest.scalars import (
    Argv,
    Duration,
    HttpPath,
    Name,
    Percentage,
    Port,
    Size,
    SomeDuration,
    Text,
    VariableName,
)
from mainstay.model.revision import NAME

SHORTEST_UNWATCHED = 5
"""Seconds. A run sends a heartbeat about every second; on a busy machine some seconds may pass between two."""


class SourceSection(Section):
    """What a release copies: a folder beside the manifest, or a repository's tag. A text is a folder.

    Not copied: what `.gitignore` and `.mainstayignore` leave out (of a folder), and what only Mainstay reads, so that
    a change there is no new content: the manifest, its `mainstay.schema.json`, and `.mainstayignore`. For a service
    that reads the manifest, write `!mainstay.yaml` in `.mainstayignore`.
    """

    folder: str = "."
    """Relative to the manifest's folder."""

    git: str | None = None
    """A repository's folder, relative to the manifest's."""

    ref: str | None = None
    """The tag or branch to take out of it; `{version}` is replaced."""

    with_: dict[str, str] = Field(default={}, alias="with")
    """Code that several services share: places inside the copy, and the folders (relative to the manifest's) that are
    copied there: `{lib: ../lib}`."""

    @model_validator(mode="before")
    @classmethod
    def _a_text_is_a_folder(cls, value: Any) -> Any:
        return {"folder": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _git_and_ref_go_together(self) -> Self:
        if (self.git is None) != (self.ref is None):
            raise wrong("half-a-source", "'git' and 'ref' go together", 'write {git: ., ref: "v{version}"}')
        if self.git is not None and self.folder != ".":
            raise wrong("two-sources", "has both 'git' and 'folder'", "keep one of them")
        return self

    @model_validator(mode="after")
    def _shared_folders_lie_inside(self) -> Self:
        for place in self.with_:
            if place.startswith("/") or ".." in place.split("/") or place.strip("./") == "":
                raise wrong("path-leaves", f"{place!r} is not a place inside the copy", "write lib, or package/lib")
        return self


class HealthSection(Section):
    """How health is checked: over HTTP where the service has a port, else by a command, by a file's age, or by whether
    the process runs."""

    ready: HttpPath | None = None
    """The readiness probe: a path that answers 2xx or 3xx when the instance can take requests."""

    live: HttpPath | None = None
    """The liveness probe: a path that answers 2xx or 3xx while the instance is not stuck. It must not depend on other
    services or a database."""

    stuck_after: SomeDuration = 30.0
    """The instance is restarted when `live` has failed for this long, and at least three times in a row."""

    command: Argv = ()
    """A command that ends with 0 while the instance is healthy. [Placeholders](#placeholders) are replaced."""

    file: str | None = None
    """A file that a healthy service touches again and again."""

    newer_than: SomeDuration = 30.0
    """The greatest age of that file."""

    within: SomeDuration = 30.0
    """Time in which a new instance must become ready."""

    interval: SomeDuration = 5.0
    """Time between two probes of a ready instance. An instance that is not ready is probed at least every 500 ms."""

    timeout: SomeDuration = 1.0
    """Time that a probe waits for the response; of a ready instance that accepts connections, at least 10 s."""

    @model_validator(mode="after")
    def _asks_one_thing(self) -> Self:
        ways = {"ready": self.ready, "command": self.command, "file": self.file}
        named = [name for name, given in ways.items() if given]
        if len(named) > 1:
            raise wrong("two-healths", f"has both '{named[0]}' and '{named[1]}'", "keep one of them")
        if "interval" in self.model_fields_set and self.within < self.interval:
            raise wrong(
                "limit-too-short",
                f"within {self.within:g}s is shorter than one interval of {self.interval:g}s",
                "lengthen 'within'",
            )
        return self


class StrategySection(Section):
    """How a new revision replaces the old one. A text is its kind."""

    kind: Literal["blue-green", "canary", "rolling", "recreate"] = "blue-green"
    """blue-green: all new instances start beside the old ones, then traffic switches once · canary: traffic moves by
    growing percentages · rolling: replica by replica · recreate: the old ones stop, then the new ones start; meanwhile
    no requests are served."""

    percent: tuple[Percentage, ...] = ()
    """The percentages of a canary before 100. Default: [5, 25, 50]."""

    hold: Duration = 120.0
    """Time for which each percentage of a canary is observed."""

    settle: Duration = 60.0
    """Time for which the old revision keeps running after all traffic has moved, so that a rollback is instant: 1 m, in
    `local` 0."""

    revert_after: SomeDuration = 60.0
    """If the run sends no heartbeat for this long after traffic has moved, traffic is reverted to the old revision."""

    @model_validator(mode="before")
    @classmethod
    def _a_text_is_a_kind(cls, value: Any) -> Any:
        return {"kind": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _percentages_grow(self) -> Self:
        if self.percent and self.kind != "canary":
            raise wrong("percent-without-canary", f"'percent' means nothing to {self.kind}", "write kind: canary")
        steps = (0.0, *self.percent, 100.0)
        if any(later <= earlier for earlier, later in pairwise(steps)):
            raise wrong("percent-does-not-grow", "percentages grow between 0 and 100", "write percent: [5, 25, 50]")
        return self

    @model_validator(mode="after")
    def _a_hiccup_is_no_silence(self) -> Self:
        if self.revert_after < SHORTEST_UNWATCHED:
            raise wrong(
                "limit-too-short",
                f"revert_after {self.revert_after:g}s is so short that a run which is only slow counts as gone",
                f"write {SHORTEST_UNWATCHED}s or more",
            )
        return self


class ResourcesSection(Section):
    """Limits of one instance."""

    memory: Size | None = None
    """An instance that uses more memory is killed and restarted."""

    cpus: float | None = Field(default=None, gt=0, le=1024)
    """CPUs; 0.5 is half of one. `status` reports a machine on which CPU limits cannot be enforced."""


class UlimitsSection(Section):
    """Limits of the operating system, as in Compose."""

    nofile: int | None = Field(default=None, ge=64, le=1_048_576)
    """Open files. Default: the machine's hard limit, at most 65,536."""


class VolumeSection(Section):
    """A folder kept across releases, written `NAME:PATH`; a relative path becomes a link in the service's folder."""

    name: Name
    """Services of one environment that use the same name share the volume."""

    path: str
    """Where the service finds it."""


def _volume(value: object) -> object:
    if not isinstance(value, str):
        return value
    name, colon, path = value.partition(":")
    if not colon or not path or not NAME.fullmatch(name):
        raise wrong("bad-volume", f"{value!r} is not NAME:PATH", "write uploads:data/uploads")
    if ".." in path.split("/") or path.strip("./") == "":
        raise wrong("path-leaves", f"{path!r} leaves the service's folder", "name a folder inside it")
    return {"name": name, "path": path}


def _stop_signal(value: str) -> str:
    name = value if value.startswith("SIG") else f"SIG{value}"
    if name not in signal.Signals.__members__ or name in {"SIGKILL", "SIGSTOP"}:
        raise wrong("bad-signal", f"{value!r} is not a signal that a service can answer", "use SIGTERM or SIGINT")
    return name


class ServiceSection(Section):
    """One service. It needs no library of Mainstay: it listens on the address in its variables HOST and PORT."""

    later: ClassVar[dict[str, str]] = {"scale": "use 'replicas'"}

    image: str | None = None
    """The image that targets other than `process` run; `{version}` is replaced."""

    source: SourceSection = SourceSection()
    """What a release copies for the process target. Default: the manifest's folder."""

    build: tuple[Argv, ...] = ()
    """Commands that run once for each content, in the copied folder, before anything else happens.
    [Placeholders](#placeholders) are replaced."""

    command: Argv = ()
    """The program and its arguments, run in the copied folder without a shell. [Placeholders](#placeholders) are
    replaced: `["uvicorn", "main:app", "--port", "{port}"]`."""

    port: Port | None = None
    """Declares that the service listens. On the process target each instance gets a port of its own, as `{port}` in
    `command` and as the variable PORT; the number given here is then not used. Without it the service is a worker."""

    replicas: int = Field(default=1, ge=1, le=1000)
    """Number of instances."""

    variables: tuple[VariableName, ...] = ()
    """Names of the variables that the service gets; it gets no others."""

    deliver: Literal["variable", "file"] = "variable"
    """How it gets secrets: as the variable NAME, or as NAME_FILE, the path of a file that only the service can read."""

    volumes: tuple[Annotated[VolumeSection, BeforeValidator(_volume)], ...] = ()
    """Folders kept across releases, each `NAME:PATH`."""

    needs: tuple[Name, ...] = ()
    """Services and datastores that start before it and stop after it."""

    health: HealthSection = HealthSection()
    """How its health is checked."""

    drain: Duration = 30.0
    """Time that requests in flight get to finish once an instance receives no new traffic."""

    stop_grace_period: Duration = 10.0
    """Time from the stop signal to SIGKILL."""

    stop_signal: Annotated[str, AfterValidator(_stop_signal)] = "SIGTERM"
    """The signal that asks an instance to stop."""

    restart: Literal["unless-stopped", "always", "on-failure", "no"] = "unless-stopped"
    """Whether the service is started again when its process exits by itself.

    A service without a port that exits with code 0 under `on-failure` or `no` is a task that is done: it counts as
    healthy.
    """

    user: Text | None = None
    """The system user it runs under. Default: a user of the environment, where Mainstay runs as root."""

    resources: ResourcesSection = ResourcesSection()
    """Limits of one instance."""

    ulimits: UlimitsSection = UlimitsSection()
    """Limits of the operating system, as in Compose."""

    strategy: StrategySection = StrategySection()
    """How a new revision replaces the old one."""

    steady: Duration = 10.0
    """Time for which an instance must stay ready, without a restart, before it gets traffic: 10 s, in `local` 2 s."""

    overlap: bool = False
    """Workers only: the new instances start before the old ones stop."""

    read_only: bool = True
    """Its content cannot be written. false gives each instance a private copy, which is removed with the instance;
    the files that it created or changed are kept in the state's folder `written` as long as the release is kept."""
