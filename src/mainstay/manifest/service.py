"""The section of a service: what runs, from which files, how it is probed, and how a new revision replaces the old."""

import signal
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from mainstay.manifest.base import Fill, Section, rule_error
from mainstay.manifest.health import HealthSection
from mainstay.manifest.scalars import Argv, Duration, Name, Port, Size, Text, VariableName
from mainstay.manifest.source import SourceSection
from mainstay.manifest.strategy import StrategySection
from mainstay.model import Value
from mainstay.model.environment import NAME
from mainstay.model.workload import Volume, Workload

_DEFAULT = Workload(service="", command=())


class ResourcesSection(Section):
    """The memory and the CPU time that one instance may use."""

    memory: Size | None = Field(default=None, examples=["512Mi"])
    """The most memory that one instance may use. One that uses more is killed, and restarted as after a crash."""

    cpus: float | None = Field(default=None, gt=0, le=1024, examples=[0.5])
    """The most CPU time that one instance may use, in CPUs: 0.5 is half of one. On a machine that cannot enforce CPU
    limits, this is without effect, and `status` reports it."""


class UlimitsSection(Section):
    """Limits that the operating system enforces for each process, with the names that Compose uses."""

    nofile: int = Field(default=_DEFAULT.open_files, ge=64, le=1_048_576, examples=[4096])
    """The most files that a process may have open at a time. Default: the machine's hard limit, at most 65,536."""


class VolumeSection(Section):
    """A folder kept across releases, written `NAME:PATH`; a relative path becomes a link in the service's folder."""

    name: Name = Field(examples=["uploads"])
    """The name of the volume. Services of one environment that name the same volume share it."""

    path: str = Field(examples=["data/uploads"])
    """The path at which the service finds the folder; a relative one is in the service's folder."""


def _volume(value: object) -> object:
    if not isinstance(value, str):
        return value
    name, colon, path = value.partition(":")
    if not colon or not path or not NAME.fullmatch(name):
        raise rule_error("bad-volume", f"{value!r} is not NAME:PATH", "write uploads:data/uploads")
    if ".." in path.split("/") or path.strip("./") == "":
        raise rule_error("path-leaves", f"{path!r} leaves the service's folder", "name a folder inside it")
    return {"name": name, "path": path}


def _stop_signal(value: str) -> str:
    name = value if value.startswith("SIG") else f"SIG{value}"
    if name not in signal.Signals.__members__ or name in {"SIGKILL", "SIGSTOP"}:
        raise rule_error("bad-signal", f"{value!r} is not a signal that a service can answer", "use SIGTERM or SIGINT")
    return name


class ServiceSection(Section):
    """One service. It needs no library of Mainstay: it listens on the address in its variables HOST and PORT."""

    later: ClassVar[dict[str, str]] = {"scale": "use 'replicas'"}
    in_local: ClassVar[dict[str, object]] = {"steady": "2s"}

    image: str | None = Field(default=None, examples=["shop/web:{version}"])
    """The container image, which the target `process` ignores. `{version}` is replaced."""

    source: SourceSection = Field(default=SourceSection(), examples=["web"])
    """The files that a release copies for the process target. Default: the manifest's folder."""

    build: tuple[Argv, ...] = Field(default=(), examples=[[["npm", "ci"], ["npm", "run", "build"]]])
    """Commands that run in the copied folder, before the deploy changes anything. Later releases with the same files,
    commands and PATH use the result again. [Placeholders](#placeholders) are replaced."""

    command: Argv = Field(default=(), examples=[["./server", "--port", "{port}"]])
    """The program and its arguments, run in the copied folder without a shell. [Placeholders](#placeholders) are
    replaced: `["uvicorn", "main:app", "--port", "{port}"]`."""

    port: Port | None = Field(default=None, examples=[8000])
    """Declares that the service listens. On the process target each instance gets a port of its own, as `{port}` in
    `command` and as the variable PORT; the number given here is then not used. Without it the service is a worker."""

    replicas: int = Field(default=1, ge=1, le=1000, examples=[3])
    """Number of instances that run at the same time."""

    variables: tuple[VariableName, ...] = Field(default=(), examples=[["DATABASE_URL", "LOG_LEVEL"]])
    """Names of the variables that the service gets, besides those that Mainstay sets, such as HOST, PORT and PATH."""

    deliver: Literal["variable", "file"] = Field(default="variable", examples=["file"])
    """How the service gets each secret NAME. variable: in the variable NAME · file: in a file that only the service can
    read; the variable NAME_FILE contains the path."""

    volumes: tuple[Annotated[VolumeSection, BeforeValidator(_volume)], ...] = Field(
        default=(), examples=[["uploads:data/uploads"]]
    )
    """Folders kept across releases, each `NAME:PATH`."""

    needs: tuple[Name, ...] = Field(default=(), examples=[["db"]])
    """Services and datastores that start before the service and stop after it."""

    health: HealthSection = Field(default=HealthSection(), examples=[{"ready": "/ready"}])
    """How the instances are probed."""

    drain: Duration = Field(default=_DEFAULT.drain_s, examples=["1m"])
    """Time that requests in flight get to finish, once an instance gets no new ones, before it is stopped."""

    stop_grace_period: Duration = Field(default=_DEFAULT.stop_grace_s, examples=["20s"])
    """Time that an instance has to end after the stop signal, before Mainstay kills it (SIGKILL)."""

    stop_signal: Annotated[str, AfterValidator(_stop_signal)] = Field(default=_DEFAULT.stop_signal, examples=["SIGINT"])
    """The signal that Mainstay sends to stop an instance."""

    restart: Literal["unless-stopped", "always", "on-failure", "no"] = Field(
        default=_DEFAULT.restart, examples=["on-failure"]
    )
    """When Mainstay restarts an instance whose process ended by itself. unless-stopped, always: after every end ·
    on-failure: unless the exit code was 0 · no: never. An instance of a new revision that has not been
    ready for `steady` yet is not restarted after exit code 0 or several crashes.

    A service without a port that exits with code 0 under `on-failure` or `no` is a task that is done: it counts as
    healthy.
    """

    user: Text | None = Field(default=None, examples=["shop"])
    """The system user that runs the service. Default: if Mainstay runs as root, a user of the environment; else the
    user that runs Mainstay."""

    resources: ResourcesSection = Field(default=ResourcesSection(), examples=[{"memory": "512Mi"}])
    """The memory and the CPU time that one instance may use. Default: no limits."""

    ulimits: UlimitsSection = Field(default=UlimitsSection(), examples=[{"nofile": 4096}])
    """Limits that the operating system enforces for each process."""

    strategy: StrategySection = Field(default=StrategySection(), examples=["rolling"])
    """How a new revision replaces the old one."""

    steady: Duration = Field(default=_DEFAULT.steady_s, examples=["30s"])
    """Time for which a new instance must stay ready, without a restart, before it gets traffic."""

    overlap: bool = Field(default=False, examples=[True])
    """Only for workers: whether the new instances start before the old ones stop."""

    read_only: bool = Field(default=True, examples=[False])
    """Whether the service's files are read-only. false: each instance gets a private copy, which is removed with the
    instance. Files that the instance created or changed are kept in the folder `written` of the state, as long as the
    release is kept."""

    def to_workload(
        self, name: str, *, artifact: str, environment: dict[str, Value], files: dict[str, Value], user: str, fill: Fill
    ) -> Workload:
        """Return the workload of the service *name*: this section, with the values that the planner has resolved."""
        return Workload(
            service=name,
            command=tuple(map(fill, self.command)),
            artifact=artifact,
            environment=environment,
            files=files,
            listens=self.port is not None,
            overlap=self.overlap,
            health=self.health.to_health(bool(self.port), fill),
            steady_s=self.steady,
            drain_s=self.drain,
            stop_grace_s=self.stop_grace_period,
            stop_signal=self.stop_signal,
            restart=self.restart,
            user=self.user or user,
            memory_bytes=self.resources.memory,
            cpus=self.resources.cpus,
            open_files=self.ulimits.nofile,
            volumes=tuple(Volume(volume.name, volume.path) for volume in self.volumes),
            read_only=self.read_only,
        )
