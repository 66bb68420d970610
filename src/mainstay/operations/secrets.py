"""`secrets list` and `secrets set`: list secrets, and store new versions, which take effect with the next deploy."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from mainstay.drivers.secrets.sealed_file import Sealed, SealedEntry, StoredSecret
from mainstay.errors import BadInput
from mainstay.manifest import Manifest, VariableSection
from mainstay.manifest.messages import did_you_mean
from mainstay.manifest.scalars import VARIABLE
from mainstay.model import Secret, SecretRef
from mainstay.operations.context import Context
from mainstay.operations.given_secrets import require_valid
from mainstay.operations.manifest import manifest_of, world_of
from mainstay.system.state_dir import make_state


class SecretStatus(msgspec.Struct, frozen=True):
    """A secret and the services that read it. `version` and `set_at` are null as long as it has no value."""

    name: str
    version: int | None
    set_at: str | None
    origin: Literal["generated", "given"]
    read_by: tuple[str, ...]
    required: bool


def list_secrets(context: Context) -> tuple[SecretStatus, ...]:
    """Return the secrets that the manifest declares, without those that Mainstay stores for datastores and builds."""
    manifest = manifest_of(context)
    stored = {each.name: each for each in world_of(manifest, context).sealed.entries()}
    return tuple(
        _status(name, variable, stored.get(name), manifest.readers(name))
        for name, variable in manifest.variables.items()
        if variable.secret
    )


def _status(name: str, declared: VariableSection, entry: SealedEntry | None, readers: tuple[str, ...]) -> SecretStatus:
    version, set_at = (entry.version, entry.set_at) if entry else (None, None)
    generated = entry.generated if entry else declared.generate
    return SecretStatus(name, version, set_at, "generated" if generated else "given", readers, declared.required)


class Settable(NamedTuple):
    """The secrets that can be set. `manifest` is None if it cannot be read; then only stored secrets can be set."""

    variables: dict[str, VariableSection]
    manifest: Manifest | None
    sealed: Sealed


class SecretChange(msgspec.Struct, frozen=True):
    """A secret and its newest version after the command; `changed` is false if it already had this value."""

    name: str
    version: int
    changed: bool
    read_by: tuple[str, ...]


def settable(context: Context) -> Settable:
    """Return the secrets that the manifest declares; if it cannot be read, those that are stored.

    Raises BadInput when the manifest cannot be read and no secret is stored.
    """
    try:
        manifest = manifest_of(context)
    except BadInput:
        # A broken manifest must not stop a person from replacing a secret that has leaked.
        environment = context.stored_or_none()
        sealed = context.world(environment).sealed if environment else None
        stored = [each.name for each in sealed.entries() if VARIABLE.fullmatch(each.name)] if sealed else []
        if sealed is None or not stored:
            raise
        return Settable({name: VariableSection(secret=True) for name in stored}, None, sealed)
    world = world_of(manifest, context)
    declared = {name: variable for name, variable in manifest.variables.items() if variable.secret}
    return Settable(declared, manifest, world.sealed)


def require_secrets(found: Settable, names: Sequence[str]) -> None:
    """Raise BadInput for the first of *names* that is not the name of a secret.

    Any argument may be a secret value. So a message repeats an argument only if it is the name of a secret, or if it is
    the only argument and has no "=".
    """
    first = names[0].partition("=")[0]
    name_of_secret = first if first in found.variables else "NAME"
    for number, name in enumerate(names, 1):
        if name in found.variables:
            continue
        if "=" in name or number > 1:
            what = f"argument {number} is not the name of a secret; values are not accepted as arguments"
            remedy = f"mainstay secrets set {name_of_secret}, and type the value at the prompt"
            raise BadInput(what, remedy=remedy, code="secret-in-clear")
        variable = found.manifest.variables.get(name) if found.manifest else None
        if variable is not None:
            what = f"{name} is not a secret"
            raise BadInput(what, remedy=f"mainstay set {name}=…, or declare it secret: true", code="not-secret")
        raise BadInput(f"{name} is not a secret", remedy=did_you_mean(name, found.variables), code="unknown-variable")


def set_secrets(
    found: Settable, values: Mapping[str, Secret], context: Context, *, dry_run: bool = False
) -> tuple[SecretChange, ...]:
    """Store *values* as new versions, all of them or none, and return what changed; with *dry_run*, what would change.

    Raises BadInput, and stores nothing, when a value is invalid for its variable.
    """
    for name, value in values.items():
        require_valid(name, found.variables[name], value)
    if dry_run:
        kept = tuple(_predicted(found.sealed, name, value) for name, value in values.items())
    else:
        make_state(context.folders)
        kept = found.sealed.keep_all(values)
    return tuple(_change(found, each) for each in kept)


def _predicted(sealed: Sealed, name: str, value: Secret) -> StoredSecret:
    newest = sealed.present(name) or 0
    changed = newest == 0 or sealed.read(SecretRef(name, newest)).reveal() != value.reveal()
    return StoredSecret(SecretRef(name, newest + changed), changed)


def _change(found: Settable, kept: StoredSecret) -> SecretChange:
    readers = found.manifest.readers(kept.ref.name) if found.manifest else ()
    return SecretChange(kept.ref.name, kept.ref.version or 0, kept.changed, readers)
