"""The protocols of datastores, whose data must survive every deploy: one protocol for each capability.

A driver implements `Datastore` and the capabilities that its kind has. Other code checks for a capability
(`isinstance(store, Migratable)`), never for a kind.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

import msgspec

from mainstay.model import DatastorePlace, DatastoreSupport, Environment, Job, Template, Workload
from mainstay.system.clock import Clock
from mainstay.system.command import Shell
from mainstay.system.state_dir import Folders


class Schema(msgspec.Struct, frozen=True):
    """The schema state. `revision` names the last completed migration; empty: none has run, or there is no schema."""

    revision: str = ""
    pending: tuple[str, ...] = ()
    """Revisions of migrations that have not run yet, in order."""
    half_done: tuple[str, ...] = ()
    """Revisions of migrations that started outside a transaction and whose end is not recorded."""
    reachable: bool = True
    busy: bool = False
    """A session that may migrate is open: a killed migration may still be running."""


class Datastore(Protocol):
    """One datastore of an environment."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...

    def version(self) -> str:
        """Return the version of the server, as displayed."""


@runtime_checkable
class Provisioned(Datastore, Protocol):
    """A datastore that Mainstay runs. Changes to its data are jobs of the target, so a crash does not lose their state.

    The order is: `prepare`, `initialise`, start `workload`, `configure`.
    """

    def secrets(self) -> tuple[str, ...]:
        """Return the names of the secrets it needs, each generated once."""

    def refuse_other_data(self) -> None:
        """Raise BadInput if its data was written by a major version that this driver cannot run. Changes nothing."""

    def workload(self) -> Workload:
        """Return the workload of its single instance."""

    def prepare(self) -> None:
        """Set up its programs and folders for the user it runs as. Idempotent."""

    def initialise(self, identity: str) -> Job | None:
        """Return the job that creates an empty datastore; None if it exists already."""

    def configure(self, identity: str) -> Job | None:
        """Return the job that configures the running server (roles, limits); None if there is none. Idempotent."""


@runtime_checkable
class Addressable(Datastore, Protocol):
    """A datastore that services can connect to."""

    @property
    def roles(self) -> tuple[str, ...]:
        """The driver's own names of the roles that have an address of their own; empty: it has no roles."""

    def address(self, role: str = "") -> Template:
        """Return the address for *role*: composed at start, percent-encoded, secret if it contains a password.

        Without a role it is the value of `{from: NAME}` in a service.
        """


@runtime_checkable
class Migratable(Datastore, Protocol):
    """A datastore with a schema, which migrations change."""

    def migrate(self, identity: str, folder: str) -> Job:
        """Return the job that runs the pending migrations of *folder* in order. Idempotent."""

    def schema(self, folder: str | None, listener: str) -> Schema:
        """Return the schema state relative to the migrations of *folder*; *listener* is its current `host:port`.

        While *listener* is empty, every migration is pending. Raises Unreachable when the server does not respond.
        """


class DatastoreDriver(Protocol):
    """The driver of one kind of datastore: called, it returns the datastore of one place."""

    def support(self) -> DatastoreSupport: ...

    def __call__(
        self, place: DatastorePlace, environment: Environment, folders: Folders, shell: Shell, clock: Clock
    ) -> Datastore: ...


def provisioned(stores: Iterable[Datastore]) -> Iterator[Provisioned]:
    """Yield the datastores that Mainstay runs."""
    return (store for store in stores if isinstance(store, Provisioned))
