"""A plan and rows of a run, for tests of how they are shown."""

from mainstay.drivers.world import RunWorld, World
from mainstay.history.events import Event, encode
from mainstay.history.journal import Row
from mainstay.model import Environment, Release
from mainstay.planning.plan import Change, Phase, Plan, StalenessKey
from mainstay.steps.step import Look, Step


class Brew(Step, frozen=True, kw_only=True, tag="brew"):
    """A step that only has a title."""

    what: str

    @property
    def title(self) -> str:
        return f"Brew {self.what}"

    def do(self, world: RunWorld) -> str:
        raise NotImplementedError

    def look(self, world: World) -> Look:
        raise NotImplementedError

    def undo(self, world: RunWorld) -> str:
        raise NotImplementedError


class Pour(Brew, frozen=True, kw_only=True, tag="pour"):
    """A step that cannot be undone."""

    reversible = False


def plan(environment: str = "production") -> Plan:
    """A plan of three steps, two of them side by side."""
    return Plan(
        id="3f9a1c",
        kind="deploy",
        environment=Environment("shop", environment, "process", "/state", "/keys"),
        version="1.1.0",
        release=Release(2, "shop", environment, "1.1.0", {}),
        before=1,
        before_version="1.0.0",
        rollback="safe",
        staleness_key=StalenessKey("", 1, {}, {}, {}, None),
        phases=(
            Phase("prepare", ((Brew(what="tea", expected_s=2.0), Brew(what="coffee", expected_s=1.0)),)),
            Phase("serve", ((Pour(what="both", expected_s=60.0),), (Pour(what="more", expected_s=0.1),))),
        ),
        changes=(Change("services.web.replicas", 1, 2),),
        notes=("the kettle is hot",),
    )


def row(sequence: int, event: Event) -> Row:
    """*event* as the journal keeps it."""
    name, body = encode(event)
    return Row(sequence, "2026-11-21T13:00:00.000+00:00", "r-0001", name, body)
