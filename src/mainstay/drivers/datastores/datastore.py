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
    """The state of a datastore's schema, compared with the migrations of a release."""

    revision: str = ""
    """Revision after the last completed migration; empty: none has completed, or there is no schema."""
    pending: tuple[str, ...] = ()
    """Revisions of migrations that have not run yet, in order."""
    half_done: tuple[str, ...] = ()
    """Revisions of migrations that started outside a transaction and whose end is not recorded."""
    reachable: bool = True
    """Whether the server runs; False: its schema was not read, and every migration counts as pending."""
    busy: bool = False
    """Whether a session of the role that migrates is open: then a killed migration may still be running."""


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
    """A datastore whose server Mainstay runs. Jobs of the target change its data, so a crash loses no outcome.

    The order of the calls is: `prepare`, `initialise`, start `workload`, `configure`.
    """

    def secrets(self) -> tuple[str, ...]:
        """Return the names of the secrets that the datastore needs; Mainstay generates each once."""

    def refuse_other_data(self) -> None:
        """Raise BadInput if its data was written by a major version that this driver cannot run. Changes nothing."""

    def workload(self) -> Workload:
        """Return what the single instance of its server runs, and how it is probed and stopped."""

    def prepare(self) -> None:
        """Install the programs and create the folders of the datastore, for the user that runs it. Idempotent."""

    def initialise(self, identity: str) -> Job | None:
        """Return the job *identity*, which creates an empty datastore; None if the datastore exists already."""

    def configure(self, identity: str) -> Job | None:
        """Return the idempotent job *identity*, which sets roles and limits of the running server; None: not needed."""


@runtime_checkable
class Addressable(Datastore, Protocol):
    """A datastore that services can connect to."""

    @property
    def roles(self) -> tuple[str, ...]:
        """The names of the database roles that services can connect as, chosen by the driver; empty: no roles."""

    def address(self, role: str = "") -> Template:
        """Return the address for *role*, as a template that is filled when a process starts.

        The template percent-encodes a password, and is secret if it contains one. Without a role the address is the
        value of `{from: NAME}` in a service.
        """


@runtime_checkable
class Migratable(Datastore, Protocol):
    """A datastore with a schema, which migrations change."""

    def migrate(self, identity: str, folder: str) -> Job:
        """Return the job *identity*, which runs the pending migrations of *folder* in order. Idempotent."""

    def schema(self, folder: str | None, listener: str) -> Schema:
        """Return the schema state, compared with the migrations of *folder* (None: with no migrations).

        *listener* is the current `HOST:PORT` of the server; empty: the server does not run, so that every migration
        counts as pending. Raises Unreachable when the server does not respond.
        """


class DatastoreDriver(Protocol):
    """The driver of one kind of datastore. Calling it returns the datastore that *place* describes."""

    def support(self) -> DatastoreSupport: ...

    def __call__(
        self, place: DatastorePlace, environment: Environment, folders: Folders, shell: Shell, clock: Clock
    ) -> Datastore: ...


def provisioned(stores: Iterable[Datastore]) -> Iterator[Provisioned]:
    """Yield the datastores that Mainstay runs."""
    return (store for store in stores if isinstance(store, Provisioned))
