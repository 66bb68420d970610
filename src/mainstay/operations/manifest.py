"""Load the manifest of an environment, and create the world (all drivers) of the environment that it declares."""

from mainstay.drivers.world import World
from mainstay.errors import BadInput
from mainstay.manifest import Manifest, load
from mainstay.model import DatastorePlace, Environment
from mainstay.operations.context import Context
from mainstay.system.state_dir import short_id
from mainstay.system.users import is_root, name_for


def manifest_of(context: Context) -> Manifest:
    """Return the manifest for this environment.

    Raises ManifestInvalid, and BadInput when the file is missing or the state is that of another environment.
    """
    if not context.file.exists():
        raise BadInput(f"there is no {context.file}", remedy="mainstay init", code="manifest-missing")
    manifest = load(context.file, context.environment, context.wiring.datastore_support)
    context.require_state_of(manifest.environment, manifest.system)
    return manifest


def world_of(manifest: Manifest, context: Context) -> World:
    """Return the world of the environment that *manifest* declares, with its state in the folders of *context*.

    If Mainstay runs as root, the environment names the system users that services and datastores run as.
    """
    root = is_root()
    environment = Environment(
        system=manifest.system,
        name=manifest.environment,
        target=manifest.target.kind,
        state=str(context.folders.state),
        keys=str(context.folders.keys),
        user=name_for(manifest.system[:16], short_id(context.folders.state)) if root else "",
        datastore_user=name_for(f"{manifest.system[:13]}-db", short_id(context.folders.state)) if root else "",
        datastores=tuple(DatastorePlace(name, store.kind) for name, store in manifest.datastores.items()),
        manifest=str(manifest.file),
    )
    return context.world(environment)
