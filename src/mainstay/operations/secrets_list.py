"""`secrets list`: which secrets there are, and which services read them; never a value."""

from typing import Literal

import msgspec

from mainstay.drivers.secrets.sealed_file import SealedEntry
from mainstay.manifest import VariableSection
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
    return tuple(
        _status(name, variable, stored.get(name), manifest.readers(name))
        for name, variable in manifest.variables.items()
        if variable.secret
    )


def _status(name: str, declared: VariableSection, entry: SealedEntry | None, readers: tuple[str, ...]) -> SecretStatus:
    version, set_at = (entry.version, entry.set_at) if entry else (None, None)
    generated = entry.generated if entry else declared.generate
    return SecretStatus(name, version, set_at, "generated" if generated else "given", readers, declared.required)
