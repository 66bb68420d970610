"""A datastore in memory, with every capability. It applies the effect of a job when the target runs the job."""

from mainstay.drivers.datastores.datastore import Schema
from mainstay.errors import BadInput, Unreachable
from mainstay.model import Job, Listener, Piece, SecretRef, Template, Workload


class FakeDatastore:
    """Implements every capability. A target in memory calls `run_job` for each job that it runs.

    `migrations` are those of every folder; `breaks_at` names one that fails. Tests set `unreachable` and `busy`.
    """

    kind = "memory"

    def __init__(self, name: str = "db", migrations: tuple[str, ...] = ("0001_orders",)) -> None:
        self._name = name
        self.migrations = migrations
        self.breaks_at = ""
        self.unreachable = False
        self.busy = False
        self.half_done: tuple[str, ...] = ()
        self.initialised = False
        self.other_data = False
        self.configured = False
        self.prepared = 0
        self.ran: list[str] = []

    @property
    def name(self) -> str:
        return self._name

    def version(self) -> str:
        return "18"

    def refuse_other_data(self) -> None:
        if self.other_data:
            raise BadInput(f"the data of {self._name} was written by another major version", code="other-data")

    def secrets(self) -> tuple[str, ...]:
        return tuple(f"{self._name}.{role}.password" for role in self.roles)

    def workload(self) -> Workload:
        return Workload(
            service=self._name,
            command=("store",),
            folder=f"/data/{self._name}",
            datastore=True,
            steady_s=0,
            drain_s=0,
            stop_signal="SIGINT",
        )

    def prepare(self) -> None:
        self.prepared += 1

    def initialise(self, identity: str) -> Job | None:
        if self.initialised:
            return None
        return Job(identity, f"Initialise {self._name}", ("initialise",), f"/data/{self._name}")

    def configure(self, identity: str) -> Job | None:
        return Job(identity, f"Configure {self._name}", ("configure",), f"/data/{self._name}")

    @property
    def roles(self) -> tuple[str, ...]:
        return ("writer", "reader")

    def address(self, role: str = "writer") -> Template:
        password = Piece(SecretRef(f"{self._name}.{role}.password"), "percent")
        return Template((Piece(f"memory://{role}:"), password, Piece("@"), Piece(Listener(self._name, "address"))))

    def migrate(self, identity: str, folder: str) -> Job:
        return Job(identity, f"Migrate {self._name}", ("migrate",), folder)

    def schema(self, folder: str | None, listener: str) -> Schema:
        if self.unreachable:
            raise Unreachable(f"{self._name} does not answer")
        if not listener:
            return Schema(pending=self.migrations if folder else (), reachable=False)
        pending = tuple(each for each in self.migrations if each not in self.ran) if folder else ()
        return Schema(self.ran[-1] if self.ran else "", pending, self.half_done, busy=self.busy)

    def run_job(self, job: Job) -> int:
        """Apply the effect of *job* and return its exit code."""
        match job.command:
            case ("initialise",):
                self.initialised = True
            case ("configure",):
                self.configured = True
            case ("migrate",):
                return self._migrate()
        return 0

    def _migrate(self) -> int:
        for each in self.migrations:
            if each == self.breaks_at:
                return 3
            if each not in self.ran:
                self.ran.append(each)
        return 0
