"""`desired.json`: all the supervisor was told, kept before it acts; a reboot needs nothing else."""

import msgspec

from mainstay.model import Edge, Fleet, Job, Member, Shifts, Traffic, UnlessRenewed

FORMAT = 1


class Identity(msgspec.Struct, frozen=True):
    """An instance that is to exist: written down before its stub starts, so that no process is ever unknown."""

    service: str
    release: int
    number: int
    """Counts from 1 within the revision; the id is `SERVICE-RELEASE-NUMBER`."""
    port: int | None = None
    slot: int | None = None
    """Counts from 1 within the service's backend."""
    leaving: bool = False
    """On its way out: drained, counted to zero, stopped, then forgotten."""


class Watched(msgspec.Struct, frozen=True):
    """An `unless_renewed` that runs: since when by the machine's own clock (`CLOCK_BOOTTIME`), in which boot."""

    unless_renewed: UnlessRenewed
    boot: str
    since_s: float


class Pending(msgspec.Struct, frozen=True):
    """Shifts of traffic that wait until the callers of the last one are drained."""

    drain_s: dict[str, dict[int, float]]
    """Of the shift that was applied last."""
    then: Shifts
    boot: str
    since_s: float
    """CLOCK_BOOTTIME of `boot` when that shift was requested."""


class Desired(msgspec.Struct, frozen=True):
    """What is to be. Written whole (write, fsync, rename, fsync of the folder) before anything acts on it."""

    format: int = FORMAT
    fence: int = 0
    awake: bool = True
    edge: Edge | None = None
    fleet: Fleet = {}
    traffic: Traffic = {}
    watched: Watched | None = None
    pending: Pending | None = None
    """The rest of the last `traffic` request, or of an automatic revert."""
    returned: bool = False
    """Traffic was reverted automatically since the last `traffic` request."""
    instances: dict[str, Identity] = {}
    ports: dict[str, int] = {}
    """Kept for ever: `listener:SERVICE` (internal address), `kept:DATASTORE`, `edge` where it was free to choose."""
    jobs: dict[str, Job] = {}
    """Asked for and not known to have ended; of the others their folder tells."""
    killed: dict[str, int] = {}
    """Per revision, instances that ignored their stop signal and were killed; until the fleet request after its end."""
    going: Fleet = {}
    """Revisions that are not wanted any more while instances of them are left."""
    proven: tuple[str, ...] = ()
    """Revisions (`web@41`) that have been ready for long enough once: these are brought back for ever."""


def identity_of(service: str, release: int, number: int) -> str:
    """The id of an instance."""
    return f"{service}-{release}-{number}"


def member_of(desired: Desired, identity: Identity) -> Member:
    """What this instance runs, wanted still or going."""
    wanted = desired.fleet.get(identity.service, {}).get(identity.release)
    return wanted or desired.going[identity.service][identity.release]
