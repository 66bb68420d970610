"""`secrets list`: which secrets there are, and which services read them; never a value."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from mainstay.drivers.secrets.sealed_file import SealedEntry
from mainstay.manifest import Manifest
from mainstay.operations.context import Context
from mainstay.operations.environment import environment_of
from mainstay.operations.plan import manifest_of


class SecretStatus(msgspec.Struct, frozen=True):
    """A secret. `version` and `set_at` are null as long as it has no value."""

    name: str
    version: int | None
    set_at: str | None
    origin: Literal["generated", "given"]
    read_by: tuple[str, ...]
    required: bool


def list_secrets(context: Context) -> tuple[SecretStatus, ...]:
    """Return the secrets that the manifest declares, without those that Mainstay stores for datastores and builds."""
    manifest = manifest_of(context)
    world = context.world(environment_of(manifest, context))
    stored = {each.name: each for each in world.sealed.entries()}
    return tuple(_declared(manifest, stored))


def _declared(manifest: Manifest, stored: dict[str, SealedEntry]) -> Iterator[SecretStatus]:
    for name, variable in manifest.variables.items():
        if variable.secret:
            yield _status(name, stored.get(name), manifest.readers(name), variable.generate, variable.required)


def _status(
    name: str, entry: SealedEntry | None, readers: tuple[str, ...], generate: bool, required: bool
) -> SecretStatus:
    generated = entry.generated if entry else generate
    return SecretStatus(
        name,
        entry.version if entry else None,
        entry.set_at if entry else None,
        "generated" if generated else "given",
        readers,
        required,
    )
