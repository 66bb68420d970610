"""The section `datastores` of a manifest: which datastores a system has, and how their schemas are migrated."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from mainstay.manifest.base import Section, rule_error
from mainstay.manifest.scalars import Argv, Kind, Name, Text
from mainstay.model.kinds import DATASTORES, DATASTORES_NOT_YET


class MigrationsSection(Section):
    """How the schema is migrated: with a folder of SQL files, or with another tool, which does not work yet."""

    sql: str | None = Field(default=None, examples=["migrations/"])
    """A folder of files `0001_name.sql`, relative to the manifest's folder. The files run in the order of their names,
    each in one transaction unless its first line is `-- mainstay: no transaction`."""

    run: Argv = Field(default=(), examples=[["npx", "prisma", "migrate", "deploy"]])
    """Not supported yet: the command by which another tool runs the pending migrations."""

    status: Argv = Field(default=(), examples=[["npx", "prisma", "migrate", "status"]])
    """Not supported yet: a command of the other tool that exits with 0 when no migration is pending."""

    back: Argv = Field(default=(), examples=[["alembic", "downgrade", "-1"]])
    """Not supported yet: the command by which the other tool undoes the last migration."""

    service: Name | None = Field(default=None, examples=["backend"])
    """Not supported yet: the service in whose folder the commands of the other tool run."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.sql is not None and (self.run or self.status or self.back or self.service):
            raise rule_error("two-sources", "has both 'sql' and another tool's commands", "keep one of them")
        if self.sql is None and not (self.run and self.service):
            raise rule_error("no-migrations", "names neither 'sql' nor 'run' and 'service'", "write {sql: migrations/}")
        return self


class DatastoreSection(Section):
    """One datastore. Mainstay deletes its data only with `down --data`, which a person confirms by name."""

    noted: ClassVar[tuple[str, ...]] = ("backup",)

    kind: Annotated[str, Kind("datastore", DATASTORES, DATASTORES_NOT_YET)] = Field(examples=["postgres"])
    """The kind of datastore. `mainstay validate` refuses kinds that do not work yet."""

    version: Text | None = Field(default=None, examples=["18"])
    """The major version of the datastore. Default: the one that is installed with Mainstay; any other is refused."""

    provided: object = Field(default="embedded", examples=["embedded"])
    """embedded: Mainstay runs the datastore · `{url: {variable: NAME}}`, not supported yet: the datastore runs
    elsewhere, at the address in the variable NAME."""

    migrations: MigrationsSection | None = Field(default=None, examples=[{"sql": "migrations/"}])
    """How the schema of the datastore is migrated. Default: Mainstay runs no migrations."""

    backup: object = Field(default=None, examples=["none"])
    """When and where the datastore is backed up, and how long backups are kept. `none` requires `because`."""

    because: str | None = Field(default=None, examples=["the data is imported again every night"])
    """The reason for having no backup."""

    @model_validator(mode="after")
    def _is_embedded_and_backed_up(self) -> Self:
        if self.backup == "none" and not self.because:
            raise rule_error("no-backup", "holds data and has no backup", "add because: REASON, or declare a backup")
        if self.provided != "embedded":
            what = "'provided: embedded' is the only value supported so far"
            raise rule_error("not-yet", what, "leave 'provided' out")
        return self
