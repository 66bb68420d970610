"""The runtime of an instance follows the table of instance states."""

from hypothesis import given
from hypothesis import strategies as st

from mainstay.drivers.machine.instances.probes import Probe
from mainstay.drivers.machine.state.lifecycle import Runtime, after_end, after_probe, after_start, state_of
from mainstay.model import Workload
from mainstay.model.status import INSTANCE_STATES
from mainstay.system.process_runner import End
from mainstay.system.processes import Started

PROCESS = Started("boot", 7, 70)
EVENTS = ("start", "good", "bad", "leave", "exit 0", "exit 1")


@given(st.lists(st.sampled_from(EVENTS), max_size=30), st.sampled_from(("unless-stopped", "on-failure", "no")))
def test_every_change_of_state_is_in_the_table(events: list[str], restart: str) -> None:
    workload = Workload("web", ("serve",), steady_s=1.0, restart=restart)  # type: ignore[arg-type]
    runtime, leaving, state = Runtime(), False, "starting"
    for second, event in enumerate(events):
        leaving = leaving or event == "leave"
        if not (leaving and event == "start"):
            runtime = after(runtime, workload, event, float(second))
        now = state_of(
            runtime, leaving=leaving, ready=bool(runtime.process and runtime.answers and runtime.record.steady)
        )
        assert now == state or now in INSTANCE_STATES[state].then  # type: ignore[index]
        state = now


def after(runtime: Runtime, workload: Workload, event: str, now: float) -> Runtime:
    """Return *runtime* after *event*, if that can happen to it."""
    if runtime.process is None:
        return after_start(runtime, PROCESS, now) if event == "start" and not runtime.record.failed else runtime
    match event:
        case "good" | "bad":
            return after_probe(runtime, workload, Probe("good" if event == "good" else "bad"), now)
        case "exit 0" | "exit 1":
            return after_end(runtime, workload, End(int(event[-1])), proven=False, now=now, at="now")
    return runtime
