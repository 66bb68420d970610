"""`plan`: the runbook of what a deploy would do; it brings secrets in and touches nothing that runs."""

from pathlib import Path

import msgspec

from mainstay.durable import atomic_write
from mainstay.engine.reading import read
from mainstay.errors import BadInput
from mainstay.folders import lay_out
from mainstay.manifest import Manifest, load
from mainstay.operations.context import Context
from mainstay.operations.history import recorded
from mainstay.operations.place import environment_of
from mainstay.operations.secrets import bring_in
from mainstay.plan import Plan
from mainstay.plan.deploy import deploy
from mainstay.plan.resolve import at_version, resolve
from mainstay.snapshot import look, sources
from mainstay.steps import AnyStep


def make(context: Context, version: str | None = None) -> Plan:
    """The plan that makes the manifest, at *version*, serve; kept under `plans/`. Without phases where nothing changes.

    Raises ManifestInvalid, and BadInput for what cannot be planned.
    """
    manifest = at_version(load(_file(context), context.environment, context.wiring.datastore_versions), version)
    _refuse_state_within(manifest, context)
    lay_out(context.folders)
    world = context.wiring.world(environment_of(manifest, context), context.folders)
    for store in world.datastores.values():
        store.refuse_other_data()
    bring_in(manifest, world, context.wiring.secret_sources())
    now = look(world, recorded(context), manifest)
    plan = deploy(resolve(manifest, now), now)
    if plan.release.edge is not None and plan.release.edge != now.serving.edge:
        world.target.refuse_taken(plan.release.edge)
    keep(plan, context)
    return plan


def keep(plan: Plan, context: Context) -> None:
    """Write *plan* down, so that it can be shown, approved and deployed by its id."""
    atomic_write(_place(context, plan.id), msgspec.json.format(msgspec.json.encode(plan)))


def kept(context: Context, identity: str) -> Plan:
    """The plan with this id. Raises BadInput when there is none."""
    path = _place(context, identity)
    if not identity.isalnum() or not path.exists():
        raise BadInput(f"there is no plan {identity}", remedy="mainstay plan", code="no-such-plan")
    return read(path.read_bytes(), AnyStep)


def _refuse_state_within(manifest: Manifest, context: Context) -> None:
    """What a release copies must not hold what the release changes: no two looks would find the same."""
    for source in sources(manifest).values():
        if Path(context.state).is_relative_to(source.folder) and not source.ref:
            raise BadInput(
                f"the state {context.state} lies inside of {source.folder}, which a release copies",
                remedy="name a --state outside of the checkout, or leave it out",
                code="state-within-source",
            )


def _place(context: Context, identity: str) -> Path:
    return context.folders.plans / f"{identity}.json"


def _file(context: Context) -> Path:
    if context.file is None or not context.file.exists():
        raise BadInput(f"there is no {context.file}", remedy="mainstay init", code="manifest-missing")
    return context.file
