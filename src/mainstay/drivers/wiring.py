"""Build the world of an environment. This is the only module that names drivers; it imports each when it is used."""

from mainstay.drivers.datastores.datastore import Datastore
from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.drivers.secrets.source import SecretSource
from mainstay.drivers.targets.target import Target
from mainstay.drivers.world import World
from mainstay.errors import BadInput
from mainstay.model import DatastorePlace, Environment
from mainstay.system.clock import Clock, SystemClock, Waiter
from mainstay.system.command import GuardedShell, Shell
from mainstay.system.state_dir import Folders


def world(environment: Environment, folders: Folders) -> World:
    """Return the world of *environment*, without the fence of a run."""
    clock = SystemClock()
    shell = GuardedShell()
    return World(
        environment=environment,
        folders=folders,
        target=target(environment, folders),
        datastores={
            place.name: datastore(place, environment, folders, shell, clock) for place in environment.datastores
        },
        sealed=SealedFile(folders.sealed, folders.secret_key),
        clock=clock,
        shell=shell,
        waiter=Waiter(clock),
    )


def target(environment: Environment, folders: Folders) -> Target:
    """Return the target of *environment*. Raises BadInput for a kind without a driver."""
    match environment.target:
        case "process":
            from mainstay.drivers.targets.process import OfflineReader, ProcessTarget

            def offline_reader() -> OfflineReader:
                from mainstay.drivers.machine import offline

                return offline

            return ProcessTarget(folders, offline_reader)
        case kind:
            raise BadInput(f"{kind} is not a target that Mainstay drives yet", remedy="write target: process")


def datastore(
    place: DatastorePlace, environment: Environment, folders: Folders, shell: Shell, clock: Clock
) -> Datastore:
    """Return the driver of the datastore *place*. Raises BadInput for a kind without a driver."""
    match place.kind:
        case "postgres":
            from mainstay.drivers.datastores.postgres.driver import Postgres

            return Postgres(place, environment, folders, shell, clock)
        case kind:
            raise BadInput(f"{kind} is not a datastore that Mainstay drives yet", remedy="write kind: postgres")


def datastore_versions(kind: str) -> tuple[str, ...]:
    """Return the major versions that the driver of *kind* can run, its default first; empty if they are unknown."""
    match kind:
        case "postgres":
            from mainstay.drivers.datastores.postgres.programs import majors

            return majors()
        case _:
            return ()


def secret_sources() -> tuple[SecretSource, ...]:
    """Return the sources of secrets, in the order in which they are searched."""
    from mainstay.drivers.secrets.environment import EnvironmentSecrets

    return (EnvironmentSecrets(),)
