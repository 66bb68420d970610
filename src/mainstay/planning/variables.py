"""The values of variables: a service gets only the variables that it lists, and secrets only by reference."""

from mainstay.errors import BadInput
from mainstay.manifest.system import Manifest
from mainstay.manifest.variable import FIXED_DEFAULTS
from mainstay.model import Listener, SecretRef, Template, Value, placeholders
from mainstay.planning.datastore_facts import DatastoreFacts
from mainstay.planning.facts import Snapshot

Values = dict[str, Value]


def fill(text: str, manifest: Manifest, now: Snapshot) -> str:
    """Return *text* with its placeholders replaced, except `{host}` and `{port}`, which differ between instances.

    Raises BadInput when *text* contains `{python}` and no suitable interpreter was found.
    """
    target = now.target
    if not target.python and placeholders.uses("python", [text]):
        raise BadInput(
            "{python} is used, but no Python 3.11 or later was found that the services' user can run",
            remedy="install Python 3.11 or later under /usr, or name an interpreter in `command`",
            code="no-python",
        )
    values = {"python": target.python, "uv": target.uv, "version": manifest.version}
    return placeholders.fill(text, values, target.volumes)


def values_of(manifest: Manifest, now: Snapshot, service: str) -> tuple[Values, Values]:
    """Return the values that *service* gets as variables, and those that it gets as files, by variable name."""
    section = manifest.services[service]
    found = {name: value_of(manifest, now, name) for name in section.variables}
    values: Values = {name: value for name, value in found.items() if value is not None}
    files = {name: value for name, value in values.items() if section.deliver == "file" and _is_secret(value)}
    return FIXED_DEFAULTS | {name: value for name, value in values.items() if name not in files}, files


def value_of(manifest: Manifest, now: Snapshot, name: str) -> Value | None:
    """Return the value of the variable *name*; None when it has none. Raises BadInput as `fill` does.

    Also raises BadInput for the address of a datastore to which services cannot connect.
    """
    variable = manifest.variables[name]
    if variable.from_ in now.datastores:
        return _address(now.datastores[variable.from_], name, variable.from_)
    if variable.from_ is not None:
        return Listener(variable.from_)
    if variable.secret:
        version = secret_version(manifest, now, name)
        return SecretRef(name, version) if version else None
    given = given_value(manifest, now, name)
    if given is not None:
        # An operator's value is used literally; only the manifest's own texts contain placeholders.
        return given
    return fill(variable.default, manifest, now) if variable.default is not None else FIXED_DEFAULTS.get(name)


def secret_version(manifest: Manifest, now: Snapshot, name: str) -> int | None:
    """Return the version of the secret *name* that the run uses; None when it has no value and the run stores none."""
    # The run stores version 1 of a secret without a stored value when it begins, before it starts any instance.
    brought = manifest.variables[name].generate or name in now.offered
    return now.secrets.get(name) or (1 if brought else None)


def _address(facts: DatastoreFacts, name: str, datastore: str) -> Template:
    if facts.address is None:
        raise BadInput(
            f"{name} is {{from: {datastore}}}, but a {facts.kind} datastore has no address",
            remedy=f"remove {name}",
            code="no-address",
        )
    return facts.address


def given_value(manifest: Manifest, now: Snapshot, name: str) -> str | None:
    """Return the value that an operator gave the plain variable *name*: the stored one, else the exported one.

    None when there is none, or when the manifest's default takes precedence.
    """
    if name in now.settings and not manifest.is_fixed(name):
        return now.settings[name]
    return now.exported.get(name) if manifest.variables[name].default is None else None


def _is_secret(value: Value) -> bool:
    return isinstance(value, SecretRef) or (isinstance(value, Template) and value.secret)
