"""The check that each service with a port declares a readiness probe; accepting connections is not enough."""

from mainstay.checks.check import Answer, Check
from mainstay.drivers.world import World
from mainstay.model import Fleet
from mainstay.text.plural import counted


def _ask(world: World) -> Answer:
    return judge(world.target.fleet_status().wanted)


def judge(fleet: Fleet) -> Answer:
    """Return the answer for the services in *fleet* with a port; datastores are left out: their drivers probe them."""
    listening = {
        name: member.workload.health.kind
        for name, members in fleet.items()
        for member in members.values()
        if member.workload.listens and not member.workload.datastore
    }
    if not listening:
        return Answer("not-applicable", "no service has a port")
    if bare := sorted(name for name, kind in listening.items() if kind in ("tcp", "alive")):
        evidence = f"{', '.join(bare)}: ready as soon as a connection is accepted"
        return Answer("warn", evidence, "add health: {ready: /PATH} to the service")
    return Answer("pass", f"{counted(len(listening), 'service')} with a port, each with a probe")


CHECK = Check("services_have_readiness_probes", "pre-deployment", _ask, ("F21",))
