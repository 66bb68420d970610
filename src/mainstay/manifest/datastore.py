"""Datastores: what must survive a release."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from mainstay.manifest.model import Model, wrong
from mainstay.manifest.quantities import Argv, Name, Text


class Migrations(Model):
    """How the schema follows the code: a folder of SQL files, or another tool's commands."""

    sql: str | None = None
    """A folder of files `0001_name.sql`, run in order, each in one transaction unless its first line says
    `-- mainstay: no transaction`."""

    run: Argv = ()
    """Another tool: brings the schema up to date."""

    status: Argv = ()
    """Another tool: ends with 0 when nothing is pending."""

    back: Argv = ()
    """Another tool: undoes the last migration."""

    service: Name | None = None
    """The service in whose folder the other tool runs."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.sql is not None and (self.run or self.status or self.back or self.service):
            raise wrong("two-sources", "'sql' stands beside another tool's commands", "keep one of them")
        if self.sql is None and not (self.run and self.service):
            raise wrong("no-migrations", "names neither 'sql' nor 'run' and 'service'", "write {sql: migrations/}")
        return self


class Datastore(Model):
    """One datastore. Nothing of Mainstay ever deletes its data but a person's named word."""

    noted: ClassVar[tuple[str, ...]] = ("backup",)

    kind: Literal["postgres", "mongodb", "rabbitmq", "redis", "files"]
    """What it is."""

    version: Text | None = None
    """Its major version. Default: the one that Mainstay's driver runs; another one is refused."""

    provided: object = "embedded"
    """embedded: Mainstay runs it · {url: {variable: NAME}}: it runs elsewhere."""

    migrations: Migrations | None = None
    """How its schema follows the code."""

    backup: object = None
    """When, where to and how long it is backed up; `none` wants a `because`."""

    because: str | None = None
    """Why it has no backup."""

    @property
    def runs(self) -> Literal["embedded", "url"]:
        """Who runs it: `embedded`, Mainstay; `url`, someone else, at an address."""
        return "embedded" if self.provided == "embedded" else "url"

    @model_validator(mode="after")
    def _no_backup_has_a_reason(self) -> Self:
        if self.backup == "none" and not self.because:
            raise wrong("no-backup", "holds data and has no backup", "add because: REASON, or declare a backup")
        return self

    @model_validator(mode="after")
    def _works_yet(self) -> Self:
        if self.kind != "postgres":
            raise wrong("not-yet", f"kind {self.kind} does not work yet", "use postgres")
        if self.provided != "embedded":
            raise wrong("not-yet", "only provided: embedded works yet", "leave 'provided' out")
        if self.migrations is not None and self.migrations.run:
            raise wrong("not-yet", "migrations by another tool do not work yet", "write {sql: migrations/}")
        return self
