"""The plan of `down`: stop everything in order; fleets, traffic and ports stay recorded. Its run cannot be undone."""

from msgspec.structs import replace

from mainstay.model import Release
from mainstay.planning.draft import draft, timed_phases
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Phase, Plan
from mainstay.steps.remove_data import RemoveData
from mainstay.steps.stop_environment import StopEnvironment

SLACK_S = 60.0
"""Seconds that a busy machine may take in addition to the time limits of services and datastores."""
KEPT = "data, releases and ports are kept; `mainstay start` starts everything again"
KEPT_WITHOUT_RELEASE = "data and ports are kept; no release is live, so `mainstay up` is what starts it again"
GONE = "data and releases are removed permanently; journal, backups, settings, secrets and keys are kept"


def down(now: Snapshot, *, data: bool = False) -> Plan:
    """Return the plan that stops the environment. With *data*, it then removes data, releases and logs permanently."""
    release = now.release or Release(0, now.environment.system, now.environment.name, "", {})
    stop = Phase("stop", ((StopEnvironment(within_s=_within(now)),),))
    remove = Phase("remove", ((RemoveData(),),) if data else ())
    return replace(
        draft("down", release, now),
        phases=timed_phases(now.expected, stop, remove),
        notes=(GONE if data else KEPT if now.release else KEPT_WITHOUT_RELEASE,),
        data=data,
    )


def _within(now: Snapshot) -> float:
    """Return the time limit in seconds: services stop in parallel, then datastores in parallel, then the edge."""
    every = [member.workload for members in now.running.wanted.values() for member in members.values()]
    services = max(
        (workload.drain_s + workload.stop_grace_s for workload in every if not workload.datastore), default=0.0
    )
    stores = max((workload.drain_s + workload.stop_grace_s for workload in every if workload.datastore), default=0.0)
    return services + stores + SLACK_S
