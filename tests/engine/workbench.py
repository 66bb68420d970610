"""A workbench for the engine: steps that put one thing each, whose every move can be failed, watched and cut."""

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
from tests.engine.serial import Serial
from tests.fakes.clock import TurnableClock
from tests.fakes.journal import MemoryJournal
from tests.fakes.target import FakeTarget
from tests.fakes.world import fake_world


class Bench(FakeTarget):
    """A target with things on it. `trouble` has, per move ("do a", "undo a"), what is raised, in turn."""

    def __init__(self, clock: TurnableClock) -> None:
        super().__init__(clock)
        self.things: dict[str, str] = {}
        self.trouble: defaultdict[str, list[MainstayError]] = defaultdict(list)
        self.looks: dict[str, list[Look]] = {}
        self.told: list[str] = []
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
        self.things.setdefault(name, "half")
        self.at(f"amid put {name}")
        self._stumble(f"do {name}")
        self.effects[f"put {name}"] += self.things[name] == "half"
        self.things[name] = "whole"
        self.at(f"after put {name}")

    def take(self, name: str) -> None:
        self._require_fence()
        self.at(f"before take {name}")
        self._stumble(f"undo {name}")
        self.effects[f"take {name}"] += self.things.get(name) == "whole"
        if name in self.things:
            self.things[name] = "half"
        self.at(f"amid take {name}")
        self.things.pop(name, None)
        self.at(f"after take {name}")

    def see(self, name: str) -> Look:
        self._require_answer()
        if self.looks.get(name):
            return self.looks[name].pop(0)
        return {None: Look.ABSENT, "half": Look.PARTIAL, "whole": Look.PRESENT}[self.things.get(name)]

    def _stumble(self, move: str) -> None:
        self.told.append(move)
        if self.trouble[move]:
            raise self.trouble[move].pop(0)


def bench(world: World) -> Bench:
    assert isinstance(world.target, Bench)
    return world.target


class Put(Step, frozen=True, kw_only=True, tag="put"):
    """Put one thing on the bench."""

    name: str

    @property
    def title(self) -> str:
        return f"Put {self.name}"

    def do(self, world: RunWorld) -> str:
        world.progress("half-way")
        bench(world).put(self.name)
        return f"{self.name} is there"

    def look(self, world: World) -> Look:
        return bench(world).see(self.name)

    def undo(self, world: RunWorld) -> str:
        bench(world).take(self.name)
        return f"{self.name} is gone"

    def hold(self, world: RunWorld) -> None:
        bench(world).told.append(f"hold {self.name}")


class Wait(Step, frozen=True, kw_only=True, tag="wait"):
    """Wait for a thing that nobody may ever bring."""

    name: str
    within: float = 100.0

    @property
    def title(self) -> str:
        return f"Wait for {self.name}"

    def do(self, world: RunWorld) -> str:
        there = bench(world).things
        world.waiter.wait_until(lambda: self.name in there, within=self.within, waiting_for=self.name, every=0.5)
        return "it came"

    def look(self, world: World) -> Look:
        return Look.ABSENT

    def undo(self, world: RunWorld) -> str:
        bench(world).told.append(f"undo wait {self.name}")
        return "nothing to undo"


class Move(Put, frozen=True, kw_only=True, tag="move"):
    """Put a thing that counts as traffic."""

    moves_traffic = True

    def withdraw(self, world: RunWorld) -> str:
        bench(world).told.append(f"withdraw {self.name}")
        bench(world).things.pop(self.name, None)
        return f"{self.name} is home"


class Burn(Put, frozen=True, kw_only=True, tag="burn"):
    """Put a thing for good."""

    reversible = False


REGISTRY = Put | Wait | Move | Burn


def plan_of(*ranks: tuple[Step, ...], kind: Kind = "deploy", stage: int | None = None) -> Plan:
    """A plan with a phase for each rank."""
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


def carrier_of(world: World, executor: Executor | None = None) -> Runner:
    """A process that carries runs of the bench."""
    return Runner(by="ada", host="here", executor=executor or Serial(world.clock), pid=7, registry=REGISTRY)


def bench_world(folder: Path) -> RunWorld:
    clock = TurnableClock()
    return fake_world(folder, clock=clock, target=Bench(clock))


def names(journal: MemoryJournal) -> list[str]:
    """What was written, in order."""
    return [row.name for row in journal.rows()]
