"""The section `health` of a service: how its instances are probed."""

from typing import Literal, Self

from pydantic import Field, model_validator

from mainstay.manifest.base import Fill, Section, rule_error
from mainstay.manifest.scalars import Argv, HttpPath, SomeDuration
from mainstay.model.workload import Health

_DEFAULT = Health()


class HealthSection(Section):
    """How an instance is probed: by HTTP requests (`ready`), by a command, or by the age of a file. Without one of
    these, an instance is ready when its port accepts connections or, without a port, when its process runs."""

    ready: HttpPath | None = Field(default=None, examples=["/ready"])
    """The readiness probe: a path that answers 2xx or 3xx when the instance can take requests."""

    live: HttpPath | None = Field(default=None, examples=["/live"])
    """The liveness probe: a path that answers 2xx or 3xx while the instance is not stuck. It must not depend on other
    services or a database."""

    stuck_after: SomeDuration = Field(default=_DEFAULT.stuck_after_s, examples=["1m"])
    """Time for which `live` must have failed, at least three times in a row, before the instance is restarted."""

    command: Argv = Field(default=(), examples=[["./check", "--port", "{port}"]])
    """A command that exits with 0 while the instance is healthy. [Placeholders](#placeholders) are replaced."""

    file: str | None = Field(default=None, examples=["heartbeat"])
    """A file that a healthy instance touches at least every `newer_than`."""

    newer_than: SomeDuration = Field(default=_DEFAULT.newer_than_s, examples=["2m"])
    """The greatest age of `file` at which the instance is healthy."""

    within: SomeDuration = Field(default=_DEFAULT.within_s, examples=["90s"])
    """Time in which a new instance must become ready."""

    interval: SomeDuration = Field(default=_DEFAULT.every_s, examples=["2s"])
    """Time between two probes of a ready instance. An instance that is not ready is probed at least every 500 ms."""

    timeout: SomeDuration = Field(default=_DEFAULT.limit_s, examples=["3s"])
    """Time that a probe waits for the response. The readiness probe of a ready instance waits at least 10 s."""

    @model_validator(mode="after")
    def _has_one_probe(self) -> Self:
        ways = {"ready": self.ready, "command": self.command, "file": self.file}
        named = [name for name, given in ways.items() if given]
        if len(named) > 1:
            raise rule_error("two-healths", f"has both '{named[0]}' and '{named[1]}'", "keep one of them")
        if "interval" in self.model_fields_set and self.within < self.interval:
            what = f"within {self.within:g}s is shorter than one interval of {self.interval:g}s"
            raise rule_error("limit-too-short", what, "lengthen 'within'")
        return self

    def to_health(self, listens: bool, fill: Fill) -> Health:
        """Return how to probe instances. *listens* is whether the service has a port, *fill* replaces placeholders."""
        return Health(
            kind=self._kind(listens),
            ready=self.ready or "",
            live=self.live or "",
            stuck_after_s=self.stuck_after,
            command=tuple(map(fill, self.command)),
            file=fill(self.file or ""),
            newer_than_s=self.newer_than,
            within_s=self.within,
            every_s=self.interval,
            limit_s=self.timeout,
        )

    def _kind(self, listens: bool) -> Literal["http", "command", "file", "tcp", "alive"]:
        if self.command:
            return "command"
        if self.file:
            return "file"
        if not listens:
            return "alive"
        return "http" if self.ready else "tcp"
