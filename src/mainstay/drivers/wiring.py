"""Build the world of an environment. Only this module imports drivers, each one when it is first used."""

from importlib import import_module

from mainstay.drivers.datastores.datastore import Datastore, DatastoreDriver
from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.drivers.secrets.source import SecretSource
from mainstay.drivers.targets.target import Target, TargetDriver
from mainstay.drivers.world import World
from mainstay.errors import BadInput
from mainstay.model import DatastorePlace, DatastoreSupport, Environment
from mainstay.model.kinds import DATASTORES, TARGETS
from mainstay.system.clock import Clock, SystemClock, Waiter
from mainstay.system.command import Shell
from mainstay.system.state_dir import Folders


def world(environment: Environment, folders: Folders) -> World:
    """Return the world of *environment* for a command; its method `for_run` returns the world of a run.

    Raises BadInput for a kind of target or datastore without a driver.
    """
    clock = SystemClock()
    shell = Shell()
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
    kind = environment.target
    if kind not in TARGETS:
        raise BadInput(f"Mainstay has no driver for target {kind}", remedy=f"write target: {' or '.join(TARGETS)}")
    driver: TargetDriver = import_module(f"mainstay.drivers.targets.{kind}").DRIVER
    return driver(environment, folders)


def datastore(
    place: DatastorePlace, environment: Environment, folders: Folders, shell: Shell, clock: Clock
) -> Datastore:
    """Return the driver of the datastore *place* of *environment*. Raises BadInput for a kind without a driver."""
    driver = datastore_driver(place.kind)
    if driver is None:
        raise BadInput(f"Mainstay has no driver for datastore {place.kind}", remedy="mainstay validate")
    return driver(place, environment, folders, shell, clock)


def datastore_support(kind: str) -> DatastoreSupport | None:
    """Return which versions and migrations the datastore driver of *kind* supports; None if there is no such driver."""
    driver = datastore_driver(kind)
    return driver.support() if driver else None


def datastore_driver(kind: str) -> DatastoreDriver | None:
    """Return the datastore driver of *kind*; None if there is none."""
    if kind not in DATASTORES:
        return None
    driver: DatastoreDriver = import_module(f"mainstay.drivers.datastores.{kind}").DRIVER
    return driver


def secret_sources() -> tuple[SecretSource, ...]:
    """Return the sources of secrets, in the order in which they are searched."""
    from mainstay.drivers.secrets.environment import EnvironmentSecrets

    return (EnvironmentSecrets(),)
