"""The protocol of datastores, whose data must survive every deploy."""

from typing import Literal, Protocol

import msgspec

from mainstay.model import Job, Template, Workload

Role = Literal["owner", "application"]


class Schema(msgspec.Struct, frozen=True):
    """The schema state. `revision` names the last completed migration; empty: none has run."""

    revision: str = ""
    pending: tuple[str, ...] = ()
    """Revisions of migrations that have not run yet, in order."""
    half_done: tuple[str, ...] = ()
    """Revisions of migrations that started outside a transaction and whose end is not recorded."""
    reachable: bool = True
    busy: bool = False
    """A session of the owner is open: a killed migration may still be running."""


class Datastore(Protocol):
    """One datastore of an environment.

    Changes to its data are jobs of the target, so that their state can be read after a crash. `schema` queries the
    database.
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    def version(self) -> str:
        """Return the version of the database server, as displayed."""
        ...

    def refuse_other_data(self) -> None:
        """Raise BadInput if its data was written by a major version that this driver cannot run. Changes nothing."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """Return the names of the secrets it needs, each generated once."""
        ...

    def workload(self) -> Workload | None:
        """Return the workload of its single instance; None if it runs elsewhere."""
        ...

    def prepare(self) -> None:
        """Set up its programs and folders for the user it runs as. Idempotent."""
        ...

    def initialise(self, identity: str) -> Job | None:
        """Return the job that creates an empty datastore; None if it exists already."""
        ...

    def roles(self, identity: str) -> Job | None:
        """Return the job that creates or updates roles, database and limits. Idempotent."""
        ...

    def address(self, role: Role) -> Template:
        """Return the value of `{from: NAME}` for *role*: composed at start, percent-encoded, always secret."""
        ...

    def migrate(self, identity: str, folder: str) -> Job:
        """Return the job that runs the pending migrations of *folder* in order, as the owner. Idempotent."""
        ...

    def schema(self, folder: str | None, listener: str) -> Schema:
        """Return the schema state relative to the migrations of *folder*; *listener* is its current `host:port`."""
        ...
