"""Services: what runs, from which content, how it is told to be well, and how new takes over from old."""

import signal
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from mainstay.manifest.model import Model, wrong
from mainstay.manifest.quantities import (
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
from mainstay.revision import NAME

SHORTEST_UNWATCHED = 5
"""A run says about once a second that it watches; on a busy machine some seconds may pass."""


class Source(Model):
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
    """Places inside the copy, and the folders, relative to the manifest's, that are copied there: `{lib: ../lib}`.
    For what several services share."""

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


class Health(Model):
    """How readiness is told: over HTTP where there is a port, else by a command, by a file's age, or by being alive."""

    ready: HttpPath | None = None
    """A path that answers 2xx or 3xx when the service can take requests."""

    live: HttpPath | None = None
    """A path that answers 2xx or 3xx while the service is not stuck, whatever it depends on is doing."""

    stuck_after: SomeDuration = 30.0
    """So long, and three times in a row, `live` is not answered before the instance is ended and started again."""

    command: Argv = ()
    """A command that ends with 0 while the instance is healthy. [Placeholders](#placeholders) are replaced."""

    file: str | None = None
    """A file that the service touches."""

    newer_than: SomeDuration = 30.0
    """How old that file may be."""

    within: SomeDuration = 30.0
    """How long a new instance may take to become ready."""

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


class Strategy(Model):
    """How new takes over from old. A text is its kind."""

    kind: Literal["blue-green", "canary", "rolling", "recreate"] = "blue-green"
    """blue-green: all new beside all old, then one switch · canary: by growing percentages · rolling: replica by
    replica · recreate: old out, then new in, with a gap."""

    percent: tuple[Percentage, ...] = ()
    """The canary's steps before 100; [5, 25, 50] where none are given."""

    hold: Duration = 120.0
    """How long each step of a canary is observed."""

    settle: Duration = 60.0
    """How long the old revision stays warm after all traffic has moved: 1 m, in `local` 0."""

    unwatched: SomeDuration = 60.0
    """From when traffic moves until the old revision goes: how long after a run fell silent traffic goes back."""

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
        if self.unwatched < SHORTEST_UNWATCHED:
            raise wrong(
                "limit-too-short",
                f"unwatched {self.unwatched:g}s is so short that a run which is only slow counts as gone",
                f"write {SHORTEST_UNWATCHED}s or more",
            )
        return self


class Resources(Model):
    """Limits of one instance."""

    memory: Size | None = None
    """Beyond it the instance is ended and started again."""

    cpus: float | None = Field(default=None, gt=0, le=1024)
    """Processors; 0.5 is half of one. Held where the machine's kernel lets us; `status` says where it does not."""


class OpenFiles(Model):
    """Limits of the system, as in Compose."""

    nofile: int | None = Field(default=None, ge=64, le=1_048_576)
    """Open files; the machine's hard limit, at most 65,536, where none is given."""


class Volume(Model):
    """A folder kept across releases, written `NAME:PATH`; a relative path becomes a link in the service's folder."""

    name: Name
    """Services of one environment may share a volume by its name."""

    path: str
    """Where the service sees it."""


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


class Service(Model):
    """One service. It needs nothing of Mainstay: it is told HOST and PORT, and listens there."""

    later: ClassVar[dict[str, str]] = {"scale": "use 'replicas'"}

    image: str | None = None
    """The image that targets other than `process` run; `{version}` is replaced."""

    source: Source = Source()
    """What a release copies for the process target; the manifest's folder where nothing is said."""

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
    """How many instances run."""

    variables: tuple[VariableName, ...] = ()
    """The variables that it reads; it is told no others."""

    deliver: Literal["variable", "file"] = "variable"
    """How its secrets come: as NAME, or as NAME_FILE, the path of a file only it can read."""

    volumes: tuple[Annotated[Volume, BeforeValidator(_volume)], ...] = ()
    """Folders kept across releases, each `NAME:PATH`."""

    needs: tuple[Name, ...] = ()
    """Services and datastores that are there before it, and stay until it is gone."""

    health: Health = Health()
    """How it is known to be ready."""

    drain: Duration = 30.0
    """Time that requests in flight get once it is out of traffic."""

    stop_grace_period: Duration = 10.0
    """Time from the stop signal to SIGKILL."""

    stop_signal: Annotated[str, AfterValidator(_stop_signal)] = "SIGTERM"
    """What asks it to end."""

    restart: Literal["unless-stopped", "always", "on-failure", "no"] = "unless-stopped"
    """Whether the service is started again when its process exits by itself.

    A service without a port that exits with code 0 under `on-failure` or `no` is a task that is done: it counts as
    healthy.
    """

    user: Text | None = None
    """The system user it runs under; one of the environment's own where none is named and Mainstay is root."""

    resources: Resources = Resources()
    """What one instance may use."""

    ulimits: OpenFiles = OpenFiles()
    """Limits of the system."""

    strategy: Strategy = Strategy()
    """How new takes over from old."""

    steady: Duration = 10.0
    """Ready without a restart for that long before it counts as ready: 10 s, in `local` 2 s."""

    overlap: bool = False
    """Workers only: the new one starts before the old one stops."""

    read_only: bool = True
    """Its content cannot be written. false gives each instance a private copy, which is removed with the instance;
    the files that it created or changed are kept in the state's folder `written` as long as the release is kept."""
