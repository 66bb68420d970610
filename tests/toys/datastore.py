"""A toy datastore: no roles, no schema, no migrations. It shows that one file and one line are enough."""

from mainstay.drivers.datastores.datastore import DatastoreDriver
from mainstay.model import (
    DatastorePlace,
    DatastoreSupport,
    Environment,
    Job,
    Listener,
    Piece,
    Template,
    Workload,
)
from mainstay.system.clock import Clock
from mainstay.system.command import Shell
from mainstay.system.state_dir import Folders


class ToyDatastore:
    """A cache that Mainstay runs and that services connect to without a password."""

    kind = "toy"
    roles: tuple[str, ...] = ()

    def __init__(
        self, place: DatastorePlace, environment: Environment, folders: Folders, shell: Shell, clock: Clock
    ) -> None:
        self.name = place.name
        self._folder = folders.data / place.name

    @staticmethod
    def support() -> DatastoreSupport:
        return DatastoreSupport(versions=("7",))

    def version(self) -> str:
        return "7.2"

    def secrets(self) -> tuple[str, ...]:
        return ()

    def refuse_other_data(self) -> None:
        """Accept data of every version."""

    def workload(self) -> Workload:
        folder = str(self._folder)
        return Workload(self.name, ("toy-server",), folder=folder, datastore=True, steady_s=0)

    def prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)

    def initialise(self, identity: str) -> Job | None:
        return None

    def configure(self, identity: str) -> Job | None:
        return None

    def address(self, role: str = "") -> Template:
        return Template((Piece("toy://"), Piece(Listener(self.name, "address"))))


DRIVER: DatastoreDriver = ToyDatastore
