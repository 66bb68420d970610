"""Wiring with fakes: the same world for every environment."""

from mainstay.drivers.secrets.source import SecretSource
from mainstay.drivers.world import World
from mainstay.manifest.scope import any_support
from mainstay.operations.context import Wiring


def fake_wiring(world: World, sources: tuple[SecretSource, ...] = ()) -> Wiring:
    """Return wiring that always returns *world*, its target and *sources*."""
    return Wiring(
        world=lambda environment, folders: world,
        target=lambda environment, folders: world.target,
        secret_sources=lambda: sources,
        datastore_support=any_support,
        require_declared=lambda file, environment: None,
    )
