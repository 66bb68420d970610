"""The environment that a manifest declares."""

from mainstay.manifest import Manifest
from mainstay.model import DatastorePlace, Environment
from mainstay.operations.context import Context
from mainstay.system.state_dir import short_id
from mainstay.system.users import is_root, name_for


def environment_of(manifest: Manifest, context: Context) -> Environment:
    """Return the environment of *manifest* with the state of *context*. As root, services and datastores have users."""
    root = is_root()
    return Environment(
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
