"""Set traffic: who serves, for all services of a stage in one batch."""

from mainstay.errors import StepFailed
from mainstay.release import Traffic, UnlessRenewed
from mainstay.steps import readiness
from mainstay.steps.step import Look, Step
from mainstay.world import World

COMES_ABOUT_WITHIN_S = 30.0


class SetTraffic(Step, frozen=True, kw_only=True, tag="set_traffic"):
    """Let `after` serve. `back` is the whole stage's state of return, to which an undo or an interruption leads."""

    after: Traffic
    back: Traffic
    unwatched_s: float = 60.0
    """How long after the run fell silent traffic goes back by itself."""

    moves_traffic = True

    @property
    def title(self) -> str:
        return "Traffic: " + ", ".join(f"{name} {told(shares)}" for name, shares in self.after.items())

    def do(self, world: World) -> str:
        # A first release has nothing to return to.
        watched = UnlessRenewed(self.unwatched_s, self.back) if any(self.back.values()) else None
        world.target.traffic(world.fence, self.after, watched)
        await_traffic(world, self.after)
        return ", ".join(f"{told(shares)} of {name}" for name, shares in self.after.items())

    def look(self, world: World) -> Look:
        serving = world.target.serving()
        if not same(serving.wanted, self.after):
            return Look.ABSENT
        return Look.PRESENT if same(serving.actual, self.after) else Look.PARTIAL

    def undo(self, world: World) -> str:
        world.target.traffic(world.fence, self.back)
        await_traffic(world, self.back)
        return self._returned

    def withdraw(self, world: World) -> str:
        world.target.traffic(world.fence, self.back)
        # Inside `recreate` nothing may be there to return to: then only what is new must have let go.
        world.patience.until(
            lambda: not _beyond(world.target.serving().actual, self.back),
            within=COMES_ABOUT_WITHIN_S,
            waiting_for="the return of traffic",
            remedy="mainstay status",
        )
        return self._returned

    def hold(self, world: World) -> None:
        self.do(world)

    @property
    def _returned(self) -> str:
        return "back: " + ", ".join(f"{name} {told(shares)}" for name, shares in self.back.items())


def await_traffic(world: World, wanted: Traffic) -> None:
    """Wait until *wanted* is the actual traffic. Raise StepFailed naming a broken edge or the instance not ready."""
    try:
        world.patience.until(
            lambda: same(world.target.serving().actual, wanted),
            within=COMES_ABOUT_WITHIN_S,
            waiting_for=", ".join(f"traffic {told(shares)} of {name}" for name, shares in wanted.items()),
            remedy="mainstay status",
        )
    except StepFailed as late:
        serving = world.target.serving()
        cause = f"; {serving.trouble}" if serving.trouble else _not_ready(world, wanted)
        raise StepFailed(f"{late.what}{cause}", remedy=serving.trouble_remedy or late.remedy) from late


def _not_ready(world: World, wanted: Traffic) -> str:
    for name, shares in wanted.items():
        for one in readiness.instances(world, name):
            if one.release in shares and one.state != "ready":
                return f"; {one.id} is {one.state}{readiness.end_of(world, one)}"
    return ""


def same(found: Traffic, wanted: Traffic) -> bool:
    """Whether *found* is as *wanted* for every service that *wanted* names."""
    return all(_alike(found.get(name, {}), shares) for name, shares in wanted.items())


def _alike(one: dict[int, float], other: dict[int, float]) -> bool:
    return all(abs(one.get(release, 0) - other.get(release, 0)) < 0.01 for release in one.keys() | other.keys())


def _beyond(found: Traffic, wanted: Traffic) -> bool:
    return any(found.get(name, {}).keys() - shares.keys() for name, shares in wanted.items())


def told(shares: dict[int, float]) -> str:
    """`100 % @42`, `95 % @41 + 5 % @42`, or `nobody`."""
    parts = [f"{share:g} % @{release}" for release, share in sorted(shares.items()) if share]
    return " + ".join(parts) or "nobody"
