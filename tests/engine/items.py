"""A target that holds items, and steps that put one item each: every move can be made to fail, or be killed."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from mainstay.drivers.world import RunWorld, World
from mainstay.engine.executor import Executor
from mainstay.engine.runner import Runner
from mainstay.errors import MainstayError
from mainstay.model import Environment, Release
from mainstay.model.run_kind import Kind
from mainstay.planning.plan import Phase, Plan, StalenessKey
from mainstay.steps.step import Look, Step
from tests.engine.serial import SerialExecutor
from tests.fakes.clock import TurnableClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world


class ItemTarget(FakeTarget):
    """A target that holds items. `failures` has, per move ("do a"), the exceptions that it raises, in turn."""

    def __init__(self, clock: TurnableClock) -> None:
        super().__init__(clock)
        self.items: dict[str, str] = {}
        self.failures: defaultdict[str, list[MainstayError]] = defaultdict(list)
        self.looks: dict[str, list[Look]] = {}
        self.calls: list[str] = []
        self.heartbeats: list[float] = []
        self.switch: Callable[[], None] = lambda: None
        """Called at every point of a step, before anything else happens there."""

    def heartbeat(self) -> None:
        super().heartbeat()
        self.heartbeats.append(self.clock.monotonic())

    def at(self, where: str) -> None:
        self.switch()
        self.point(where)

    def put(self, name: str) -> None:
        self._require_fence()
        self.at(f"before put {name}")
        self.items.setdefault(name, "half")
        self.at(f"amid put {name}")
        self._fail(f"do {name}")
        self.effects[f"put {name}"] += self.items[name] == "half"
        self.items[name] = "complete"
        self.at(f"after put {name}")

    def take(self, name: str) -> None:
        self._require_fence()
        self.at(f"before take {name}")
        self._fail(f"undo {name}")
        self.effects[f"take {name}"] += self.items.get(name) == "complete"
        if name in self.items:
            self.items[name] = "half"
        self.at(f"amid take {name}")
        self.items.pop(name, None)
        self.at(f"after take {name}")

    def see(self, name: str) -> Look:
        self._require_answer()
        if self.looks.get(name):
            return self.looks[name].pop(0)
        return {None: Look.ABSENT, "half": Look.PARTIAL, "complete": Look.PRESENT}[self.items.get(name)]

    def _fail(self, move: str) -> None:
        self.calls.append(move)
        if self.failures[move]:
            raise self.failures[move].pop(0)


def target_of(world: World) -> ItemTarget:
    assert isinstance(world.target, ItemTarget)
    return world.target


class Put(Step, frozen=True, kw_only=True, tag="put"):
    """Put one item."""

    name: str

    @property
    def title(self) -> str:
        return f"Put {self.name}"

    def do(self, world: RunWorld) -> str:
        world.progress("half-way")
        target_of(world).put(self.name)
        return f"{self.name} is there"

    def look(self, world: World) -> Look:
        return target_of(world).see(self.name)

    def undo(self, world: RunWorld) -> str:
        target_of(world).take(self.name)
        return f"{self.name} is gone"

    def restore(self, world: RunWorld) -> None:
        target_of(world).calls.append(f"restore {self.name}")


class Wait(Step, frozen=True, kw_only=True, tag="wait"):
    """Wait for an item that may never be put."""

    name: str
    within: float = 100.0

    @property
    def title(self) -> str:
        return f"Wait for {self.name}"

    def do(self, world: RunWorld) -> str:
        there = target_of(world).items
        world.waiter.wait_until(lambda: self.name in there, within=self.within, waiting_for=self.name, every=0.5)
        return "it is there"

    def look(self, world: World) -> Look:
        return Look.ABSENT

    def undo(self, world: RunWorld) -> str:
        target_of(world).calls.append(f"undo wait {self.name}")
        return "nothing to undo"


class Move(Put, frozen=True, kw_only=True, tag="move"):
    """Put an item that counts as traffic."""

    moves_traffic = True

    def revert_traffic(self, world: RunWorld) -> str:
        target_of(world).calls.append(f"revert_traffic {self.name}")
        target_of(world).items.pop(self.name, None)
        return f"{self.name} is reverted"


class Burn(Put, frozen=True, kw_only=True, tag="burn"):
    """Put an item that cannot be removed again."""

    reversible = False


REGISTRY = Put | Wait | Move | Burn


def plan_of(*ranks: tuple[Step, ...], kind: Kind = "deploy", stage: int | None = None) -> Plan:
    """Return a plan with a phase for each rank."""
    return Plan(
        id="plan",
        kind=kind,
        environment=Environment("shop", "local", "process", "", ""),
        version="2",
        release=Release(2, "shop", "local", "2", {}),
        before=1,
        rollback="safe",
        staleness_key=StalenessKey("", 1, {}, {}, {}, None),
        phases=tuple(Phase(f"phase {n}", (rank,), stage=n) for n, rank in enumerate(ranks, 1)),
    )


def runner_of(world: World, executor: Executor | None = None) -> Runner:
    """Return the runner of a process that executes plans of items."""
    return Runner(by="ada", host="here", executor=executor or SerialExecutor(world.clock), pid=7, registry=REGISTRY)


def item_world(folder: Path) -> RunWorld:
    clock = TurnableClock()
    return fake_world(folder, clock=clock, target=ItemTarget(clock))


def names(journal: MemoryJournal) -> list[str]:
    """Return the names of the journal's rows, in order."""
    return [row.name for row in journal.rows()]
