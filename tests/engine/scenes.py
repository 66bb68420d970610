"""Scenes for the sweep: worlds before a plan, with what will go wrong in them."""

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
from mainstay.system import file_tree
from mainstay.system.clock import Clock
from tests import shop
from tests.engine.serial import Serial
from tests.engine.sweep import Stage
from tests.engine.workbench import REGISTRY, Burn, Move, Put, bench, bench_world, plan_of
from tests.fakes.clock import TurnableClock
from tests.fakes.datastore import FakeDatastore
from tests.fakes.files import TargetWithFiles, host_of
from tests.fakes.world import fake_world

Make = Callable[[], Stage]
Hands = Callable[[Clock], Executor]

BENCH = (
    (Put(name="a"), Put(name="b"), Put(name="c")),
    (Move(name="m"),),
    (Put(name="d"),),
    (Burn(name="e"), Burn(name="f")),
)


def at_the_bench(folder: Path, *, broken: tuple[str, ...] = (), hands: Hands = Serial) -> Make:
    """Steps of the workbench; *broken* are moves that go wrong until somebody mends them."""

    def make() -> Stage:
        world = bench_world(folder)
        target = bench(world)
        for move in broken:
            target.trouble[move] = [StepFailed(f"{move} is broken") for _ in range(50)]

        def runner() -> Runner:
            return Runner(by="ada", host="here", executor=hands(target.clock), pid=7, registry=REGISTRY)

        return Stage(world, target, plan_of(*BENCH), runner, mend=target.trouble.clear)

    return make


Spoil = Callable[["Shop"], None]
"""What will go wrong in a scene."""


def unspoilt(at: "Shop") -> None:
    """All goes well."""


class Shop:
    """The example system in a world on fakes; `before` has served, `wrong` is told of each request and may raise."""

    def __init__(self, folder: Path, hands: Hands) -> None:
        self.clock = TurnableClock()
        self.target = TargetWithFiles(self.clock, ready_after_s=0.1, job_takes_s=0.1)
        self.store = FakeDatastore()
        self.target.perform = self.store.run_job
        self.world = fake_world(folder, clock=self.clock, target=self.target, datastores={"db": self.store})
        self.target.host = host_of(self.world)
        self.hands = hands

    def serves(self, release: Release) -> None:
        """*release* has been brought up earlier."""
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

    def stage(self, plan: Plan) -> Stage:
        def runner() -> Runner:
            return Runner(by="ada", host="here", executor=self.hands(self.clock), pid=7)

        return Stage(self.world, self.target, plan, runner, self._also, self.target.breaks.clear)

    def _also(self) -> object:
        contents = self.world.folders.contents
        found = sorted(path.name for path in contents.iterdir()) if contents.exists() else []
        return (self.store.initialised, self.store.configured, self.store.ran, found)


def brought(release: Release, folder: Path, *, build: bool = False) -> Release:
    """*release* with content that can be copied from *folder* and built, or with none that must be brought."""
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
    """A small source, made once."""
    place = folder / "source"
    if not place.exists():
        (place / "package").mkdir(parents=True)
        (place / "app.py").write_text("print('hello')\n")
        (place / "package" / "__init__.py").write_text("")
    return place


class Scenes:
    """The scenes of the shop in fresh state folders below *folder*: one of them for each instance."""

    def __init__(self, folder: Path, hands: Hands = Serial) -> None:
        self._folder = folder
        self._hands = hands
        self._plan: Plan | None = None

    def first(self, *, build: bool = True, spoil: Spoil = unspoilt) -> Make:
        """From nothing to release 1."""

        def make() -> Stage:
            at = self._fresh()
            at.target.start()
            at.target.effects.clear()
            release = brought(shop.release(1), source(self._folder), build=build)
            spoil(at)
            return at.stage(self._once(lambda: deploy(release, shop.snapshot(pending=("0001_orders",)))))

        return make

    def next(
        self, strategy: Strategy = shop.AT_ONCE, *, database: bool = True, spoil: Spoil = unspoilt, replicas: int = 2
    ) -> Make:
        """From release 1 to release 2."""

        def make() -> Stage:
            at = self._fresh()
            old = shop.release(1, strategy=strategy, replicas=replicas, database=database)
            new = shop.release(2, kept=old, strategy=strategy, replicas=replicas, database=database)
            at.serves(old)
            spoil(at)
            return at.stage(self._once(lambda: deploy(brought(new, source(self._folder)), self._seen(old))))

        return make

    def migrating(self, *, spoil: Spoil = unspoilt) -> Make:
        """From release 1 to release 2, which brings a migration."""

        def make() -> Stage:
            at = self._fresh()
            old = shop.release(1)
            new = shop.release(2, kept=old, schema="0002_more")
            at.serves(old)
            at.store.migrations = ("0001_orders", "0002_more")
            spoil(at)
            return at.stage(
                self._once(lambda: deploy(brought(new, source(self._folder)), self._seen(old, pending=("0002_more",))))
            )

        return make

    def rollback(self, *, spoil: Spoil = unspoilt) -> Make:
        """From release 2 back to release 1."""

        def make() -> Stage:
            at = self._fresh()
            old = brought(shop.release(1), source(self._folder))
            new = brought(shop.release(2, kept=old), source(self._folder))
            at.serves(new)
            spoil(at)
            return at.stage(self._once(lambda: rollback(old, self._seen(new))))

        return make

    def down(self, *, data: bool = False) -> Make:
        """Release 1 is stopped, and with *data* its data removed."""

        def make() -> Stage:
            at = self._fresh()
            at.serves(shop.release(1))
            return at.stage(self._once(lambda: down(self._seen(shop.release(1)), data=data)))

        return make

    def _seen(self, serving: Release, pending: tuple[str, ...] = ()) -> Snapshot:
        return shop.snapshot(serving, pending=pending)

    def _once(self, make: Callable[[], Plan]) -> Plan:
        """The plan of the scene: it is the same every time."""
        self._plan = self._plan or make()
        return self._plan

    def _fresh(self) -> Shop:
        state = self._folder / "world"
        file_tree.remove(state)
        return Shop(state, self._hands)
