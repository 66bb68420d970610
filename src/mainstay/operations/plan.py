"""`plan`: make, store and read the plan of a deploy. Making a plan writes its file under `plans/` and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec.structs import replace

from mainstay.drivers.datastores.datastore import provisioned
from mainstay.drivers.world import World
from mainstay.engine.plan_codec import read
from mainstay.errors import BadInput, MainstayError
from mainstay.history.summary import History, RunSummary
from mainstay.manifest import Manifest
from mainstay.operations.context import Context
from mainstay.operations.given_secrets import differing_secrets, with_given_secrets
from mainstay.operations.history import history_of
from mainstay.operations.manifest import manifest_of, world_of
from mainstay.planning.declared import declared
from mainstay.planning.deploy import deploy
from mainstay.planning.facts import Snapshot, look, sources
from mainstay.planning.given import new_values, stored_notes, unused_notes
from mainstay.planning.plan import Plan
from mainstay.planning.resolve import at_version, resolve
from mainstay.planning.smoke_tests import SmokeTests
from mainstay.steps import AnyStep
from mainstay.system.atomic_file import atomic_write
from mainstay.system.state_dir import make_state
from mainstay.system.state_file import decoding
from mainstay.text.first_line import first_line


def make(context: Context, version: str | None = None) -> Plan:
    """Return the plan that deploys the manifest, at *version*; None: at its own version.

    The plan is `unchanged` if the live release already is what the manifest declares. It is stored under `plans/`;
    secrets and settings given to the command are stored only when the run begins. Raises ManifestInvalid, BadInput when
    the change cannot be planned, and PortTaken when another program uses a port of the new edge; nothing is written
    then.
    """
    written = manifest_of(context)
    manifest = at_version(written, version)
    _refuse_state_within(manifest, context)
    world = world_of(manifest, context)
    for store in provisioned(world.datastores.values()):
        store.refuse_other_data()
    now = with_given_secrets(look(world, history_of(context), manifest), manifest, context)
    plan = _with_values(
        deploy(resolve(manifest, now), now, SmokeTests(manifest.flows, manifest.smoke_writes)),
        manifest,
        now,
        world,
        context,
    )
    if plan.release.edge is not None and plan.release.edge != now.serving.edge:
        world.target.require_free_ports(plan.release.edge)
    fingerprint = declared(manifest, now) if manifest == written else _declared_or_unknown(written, context)
    plan = replace(plan, declared=fingerprint)
    plan = replace(plan, notes=(*plan.notes, *_undone_before(plan, history_of(context))))
    keep(plan, context)
    return plan


def declared_now(context: Context) -> str:
    """Return the fingerprint of what the manifest declares now.

    If the manifest cannot be read, return the fingerprint that it had when the live release became live, so that a
    rollback, which needs no manifest, does not fail because of a broken one. Empty: that fingerprint is unknown.
    """
    try:
        return _declared(manifest_of(context), context)
    except (MainstayError, OSError, ValueError):
        origin = history_of(context).origin
        return origin.declared if origin else ""


def _declared_or_unknown(manifest: Manifest, context: Context) -> str:
    try:
        return _declared(manifest, context)
    except MainstayError:
        return ""  # The manifest's own version needs no tag while another version is deployed.


def _declared(manifest: Manifest, context: Context) -> str:
    """Return the fingerprint of *manifest* at its own version. Raises BadInput when its sources do not exist."""
    world = world_of(manifest, context)
    now = look(world, history_of(context), manifest)
    return declared(manifest, with_given_secrets(now, manifest, replace(context, prompt=None)))


def keep(plan: Plan, context: Context) -> None:
    """Store *plan*, so that it can be shown, approved and deployed by its id.

    Raises InvariantBroken when the steps of the plan break a rule of every plan.
    """
    plan.check()
    make_state(context.folders, context.folders.plans)
    atomic_write(_place(context, plan.id), msgspec.json.format(msgspec.json.encode(plan)))


def kept(context: Context, identity: str) -> Plan:
    """Return the stored plan with the id *identity*. Raises BadInput when there is none."""
    path = _place(context, identity)
    if not identity.isalnum() or not path.exists():
        raise BadInput(f"there is no plan {identity}", remedy="mainstay plan", code="no-such-plan")
    with decoding(path, context.folders.state):
        return read(path.read_bytes(), AnyStep)


def _with_values(plan: Plan, manifest: Manifest, now: Snapshot, world: World, context: Context) -> Plan:
    """Return *plan* with the values that its run stores, and notes on them and on exported values it does not use."""
    names = [name for store in provisioned(world.datastores.values()) for name in store.secrets()]
    values = new_values(manifest, now, names)
    other = differing_secrets(now, manifest, world.sealed, context.wiring.secret_sources())
    unused = tuple(unused_notes(manifest, now, other))
    notes = (*plan.notes, *stored_notes(values, manifest), *unused)
    return replace(plan, values=replace(values, unused=unused), notes=notes)


def _undone_before(plan: Plan, past: History) -> Iterator[str]:
    """Yield a note if the last deploy of what *plan* deploys was rolled back."""
    run = None if plan.unchanged else undone_before(plan, past)
    if run is not None:
        yield rolled_back_in(run)


def undone_before(plan: Plan, past: History) -> RunSummary | None:
    """Return the last deploy of what *plan* deploys if that deploy was rolled back; None otherwise.

    Both must deploy the same version of the same manifest, sources and values.
    """
    return past.undone.get((plan.version, plan.declared))


def rolled_back_in(run: RunSummary) -> str:
    """Return a note that *run*, an earlier deploy of the same content, was rolled back, and why."""
    return f"the same release was rolled back in {run.run}: {first_line(run.why)}"


def _refuse_state_within(manifest: Manifest, context: Context) -> None:
    """Refuse a state folder inside a copied source: a release would change the source, so no two plans would agree."""
    for source in sources(manifest).values():
        if context.folders.state.is_relative_to(source.folder) and not source.ref:
            what = f"the state folder {context.folders.state} is inside {source.folder}, which every release copies"
            remedy = "use a --state outside the checkout, or omit --state"
            raise BadInput(what, remedy=remedy, code="state-within-source")


def _place(context: Context, identity: str) -> Path:
    return context.folders.plans / f"{identity}.json"
