"""Scenes for the crash sweep: worlds before a plan, with the faults that will occur in them."""

from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from mainstay.engine.executor import Executor
from mainstay.engine.runner import Runner
from mainstay.errors import StepFailed
from mainstay.model import Artifact, Release, Shift, Source, SourceTree, Strategy
from mainstay.planning.deploy import deploy
from mainstay.planning.down import down
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Plan
from mainstay.planning.rollback import rollback
from mainstay.system import file_tree, sealed_tree
from mainstay.system.clock import Clock
from tests import shop
from tests.engine.items import REGISTRY, Burn, Move, Put, item_world, plan_of, target_of
from tests.engine.serial import SerialExecutor
from tests.engine.sweep import Setup
from tests.fakes.clock import TurnableClock
from tests.fakes.datastore import FakeDatastore
from tests.fakes.files import TargetWithFiles, host_of
from tests.fakes.world import fake_world

Make = Callable[[], Setup]
MakeExecutor = Callable[[Clock], Executor]

BENCH = (
    (Put(name="a"), Put(name="b"), Put(name="c")),
    (Move(name="m"),),
    (Put(name="d"),),
    (Burn(name="e"), Burn(name="f")),
)


def item_scene(folder: Path, *, broken: tuple[str, ...] = (), make_executor: MakeExecutor = SerialExecutor) -> Make:
    """Steps that put items; the moves in *broken* fail until they are repaired."""

    def make() -> Setup:
        world = item_world(folder)
        target = target_of(world)
        for move in broken:
            target.failures[move] = [StepFailed(f"{move} is broken") for _ in range(50)]

        def runner() -> Runner:
            return Runner(by="ada", host="here", executor=make_executor(target.clock), pid=7, registry=REGISTRY)

        return Setup(world, target, plan_of(*BENCH), runner, repair=target.failures.clear)

    return make


Fault = Callable[["Shop"], None]
"""Makes requests, jobs or instances of a scene fail."""


def no_fault(at: "Shop") -> None:
    """Nothing fails."""


class Shop:
    """The example system in a world on fakes."""

    def __init__(self, folder: Path, make_executor: MakeExecutor) -> None:
        self.clock = TurnableClock()
        self.target = TargetWithFiles(self.clock, ready_after_s=0.1, job_takes_s=0.1)
        self.store = FakeDatastore()
        self.target.perform = self.store.run_job
        self.world = fake_world(folder, clock=self.clock, target=self.target, datastores={"db": self.store})
        self.target.host = host_of(self.world)
        self.make_executor = make_executor

    def serves(self, release: Release) -> None:
        """Make *release* the live release."""
        self.target.start()
        self.target.claim()
        self.target.set_edge(release.edge)
        self.target.set_fleet(shop.fleet(release))
        self.target.set_traffic((Shift(shop.traffic(release)),))
        self.store.initialised = self.store.configured = True
        self.store.ran = list(self.store.migrations)
        self.clock.turn(10)
        self.target.fleet_status()
        self.target.effects.clear()

    def setup(self, plan: Plan) -> Setup:
        def runner() -> Runner:
            return Runner(by="ada", host="here", executor=self.make_executor(self.clock), pid=7)

        return Setup(self.world, self.target, plan, runner, self._also, self.target.breaks.clear)

    def _also(self) -> object:
        contents = self.world.folders.contents
        found = sorted(path.name for path in contents.iterdir()) if contents.exists() else []
        return (self.store.initialised, self.store.configured, self.store.ran, found)


def with_artifacts(release: Release, folder: Path, *, build: bool = False) -> Release:
    """Return *release* with artifacts that can be copied from *folder* and built, or with none."""
    if not build:
        return replace(release, artifacts={})
    measured = file_tree.measure(folder)
    commands = (("make",), ("make", "check"))
    artifacts: dict[str, Artifact] = {
        key: replace(each, digest=measured.digest, source=Source(str(folder)), build=commands, path="/usr/bin")
        for key, each in release.artifacts.items()
        if key in {"api-1", "sql"} and isinstance(each, SourceTree)
    }
    return replace(release, artifacts=artifacts)


def source(folder: Path) -> Path:
    """Return a small source, created once."""
    place = folder / "source"
    if not place.exists():
        (place / "package").mkdir(parents=True)
        (place / "app.py").write_text("print('hello')\n")
        (place / "package" / "__init__.py").write_text("")
    return place


class Scenes:
    """The scenes of the shop, each in a fresh state folder below *folder*; use an instance for one scene only."""

    def __init__(self, folder: Path, make_executor: MakeExecutor = SerialExecutor) -> None:
        self._folder = folder
        self._make_executor = make_executor
        self._plan: Plan | None = None

    def first(self, *, build: bool = True, fault: Fault = no_fault) -> Make:
        """From nothing to release 1."""

        def make() -> Setup:
            at = self._new_shop()
            at.target.start()
            at.target.effects.clear()
            release = with_artifacts(shop.release(1), source(self._folder), build=build)
            fault(at)
            return at.setup(self._plan_of(lambda: deploy(release, shop.snapshot(pending=("0001_orders",)))))

        return make

    def next(
        self, strategy: Strategy = shop.AT_ONCE, *, database: bool = True, fault: Fault = no_fault, replicas: int = 2
    ) -> Make:
        """From release 1 to release 2."""

        def make() -> Setup:
            at = self._new_shop()
            old = shop.release(1, strategy=strategy, replicas=replicas, database=database)
            new = shop.release(2, kept=old, strategy=strategy, replicas=replicas, database=database)
            at.serves(old)
            fault(at)
            return at.setup(
                self._plan_of(lambda: deploy(with_artifacts(new, source(self._folder)), self._snapshot(old)))
            )

        return make

    def tested(self, strategy: Strategy = shop.AT_ONCE, *, fault: Fault = no_fault) -> Make:
        """From release 1 to release 2, with smoke tests through both doors."""

        def make() -> Setup:
            at = self._new_shop()
            old = shop.release(1, strategy=strategy)
            new = with_artifacts(shop.release(2, kept=old, strategy=strategy), source(self._folder))
            at.serves(old)
            fault(at)
            return at.setup(self._plan_of(lambda: deploy(new, self._snapshot(old), shop.TESTS)))

        return make

    def migrating(self, *, fault: Fault = no_fault) -> Make:
        """From release 1 to release 2, which brings a migration."""

        def make() -> Setup:
            at = self._new_shop()
            old = shop.release(1)
            new = shop.release(2, kept=old, schema="0002_more")
            at.serves(old)
            at.store.migrations = ("0001_orders", "0002_more")
            fault(at)
            return at.setup(
                self._plan_of(
                    lambda: deploy(
                        with_artifacts(new, source(self._folder)), self._snapshot(old, pending=("0002_more",))
                    )
                )
            )

        return make

    def rollback(self, *, fault: Fault = no_fault) -> Make:
        """From release 2 back to release 1."""

        def make() -> Setup:
            at = self._new_shop()
            old = with_artifacts(shop.release(1), source(self._folder))
            new = with_artifacts(shop.release(2, kept=old), source(self._folder))
            at.serves(new)
            fault(at)
            return at.setup(self._plan_of(lambda: rollback(old, self._snapshot(new))))

        return make

    def down(self, *, data: bool = False) -> Make:
        """Release 1 is stopped."""

        def make() -> Setup:
            at = self._new_shop()
            at.serves(shop.release(1))
            return at.setup(self._plan_of(lambda: down(self._snapshot(shop.release(1)), data=data)))

        return make

    def _snapshot(self, serving: Release, pending: tuple[str, ...] = ()) -> Snapshot:
        return shop.snapshot(serving, pending=pending)

    def _plan_of(self, make: Callable[[], Plan]) -> Plan:
        """Return the plan of the scene, made once, so that it is the same every time."""
        self._plan = self._plan or make()
        return self._plan

    def _new_shop(self) -> Shop:
        state = self._folder / "world"
        sealed_tree.remove(state)
        return Shop(state, self._make_executor)
