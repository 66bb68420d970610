"""The values of variables: which are missing, which a run stores before it starts, and which it does not use."""

from collections.abc import Iterable, Iterator

from mainstay.errors import BadInput
from mainstay.manifest.given import unfit
from mainstay.manifest.system import Manifest
from mainstay.manifest.variable import FIXED_DEFAULTS
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import NewValues
from mainstay.planning.variables import given_value, secret_version
from mainstay.text.plural import counted

LEAST_CHARACTERS = 43
"""The minimum length of a generated secret: 43 letters and digits contain 256 bits."""


def read_variables(manifest: Manifest) -> tuple[str, ...]:
    """Return the variables that at least one service reads, sorted."""
    return tuple(name for name in sorted(manifest.variables) if manifest.readers(name))


def missing(manifest: Manifest, now: Snapshot) -> tuple[str, ...]:
    """Return the required variables that at least one service reads and that have no value."""
    return tuple(
        name
        for name in read_variables(manifest)
        if manifest.variables[name].required and not _has_value(manifest, now, name)
    )


def require_values(manifest: Manifest, now: Snapshot) -> None:
    """Raise BadInput naming every missing variable with its readers, or the first given value that is not valid."""
    names = missing(manifest, now)
    if names:
        raise _missing(manifest, names)
    for name in read_variables(manifest):
        given = None if manifest.variables[name].secret else given_value(manifest, now, name)
        if given is not None and (why := unfit(name, manifest.variables[name], given)):
            raise BadInput(why.what, remedy=why.remedy, code=why.code)


def new_values(manifest: Manifest, now: Snapshot, datastore_secrets: Iterable[str]) -> NewValues:
    """Return the values that a run stores before it starts; *datastore_secrets* names the secrets of datastores."""
    read = read_variables(manifest)
    absent = [name for name in read if manifest.variables[name].secret and name not in now.secrets]
    made = {name: manifest.variables[name] for name in absent if name not in now.offered}
    lengths = {name: max(LEAST_CHARACTERS, each.min_length or 0) for name, each in made.items() if each.generate}
    stores = {name: LEAST_CHARACTERS for name in datastore_secrets if name not in now.secrets}
    plain = [name for name in read if not manifest.variables[name].secret and name not in now.settings]
    exported = {name: value for name in plain if (value := given_value(manifest, now, name)) is not None}
    return NewValues(lengths | stores, tuple(name for name in absent if name in now.offered), exported)


def stored_notes(values: NewValues, manifest: Manifest) -> Iterator[str]:
    """Yield notes for the reader of a plan about the values that its run stores."""
    generated = [name for name in values.generate if name in manifest.variables]
    given = [*values.given, *values.settings]
    if generated:
        yield f"generated and stored when the run begins: {', '.join(generated)}"
    if given:
        yield f"stored when the run begins, as given to this command: {', '.join(given)}"


def unused_notes(manifest: Manifest, now: Snapshot, differing: Iterable[str]) -> Iterator[str]:
    """Yield a sentence for each exported or stored value that is not used.

    *differing* are the secrets whose exported value differs from the stored one.
    """
    read = read_variables(manifest)
    for name in differing:
        yield _not_used(name, f"secrets set {name}")
    for name in (name for name in read if name in now.exported):
        default = manifest.variables[name].default
        if manifest.is_fixed(name):
            if now.exported[name] != default:
                yield f"{name} has a fixed default in the manifest; the exported value is ignored"
        elif now.exported[name] != now.settings.get(name, now.exported[name] if default is None else default):
            yield _not_used(name, f"set {name}=…", "stored" if name in now.settings else "manifest's")
    for name in (name for name in read if name in now.settings and _has_own_source(manifest, name)):
        yield f"the stored value of {name} is not used: the manifest decides it. To remove it: mainstay unset {name}"


def _not_used(name: str, command: str, used: str = "stored") -> str:
    return (
        f"{name} is exported in this shell with another value than the {used} one; the {used} value is used. "
        f"To change it: mainstay {command}"
    )


def _has_value(manifest: Manifest, now: Snapshot, name: str) -> bool:
    variable = manifest.variables[name]
    if variable.secret:
        return secret_version(manifest, now, name) is not None
    plain = given_value(manifest, now, name) is not None or variable.default is not None or name in FIXED_DEFAULTS
    return variable.from_ is not None or plain


def _has_own_source(manifest: Manifest, name: str) -> bool:
    variable = manifest.variables[name]
    return variable.secret or variable.from_ is not None or manifest.is_fixed(name)


def _missing(manifest: Manifest, names: tuple[str, ...]) -> BadInput:
    secret = [name for name in names if manifest.variables[name].secret]
    plain = [name for name in names if name not in secret]
    kinds = {name: "a secret, read by" if name in secret else "read by" for name in names}
    readers = ", ".join(f"{name} ({kind} {', '.join(manifest.readers(name))})" for name, kind in kinds.items())
    remedies = [
        *([f"mainstay secrets set {' '.join(secret)}"] if secret else []),
        *([f"mainstay set {' '.join(f'{name}=…' for name in plain)}"] if plain else []),
    ]
    return BadInput(
        f"no value for {counted(len(names), 'variable')}: {readers}",
        remedy="\n".join(remedies),
        code="variable-missing" if plain else "secret-missing",
    )
