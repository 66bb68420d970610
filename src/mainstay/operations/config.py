"""`config`: list the variables that a service gets: value, source, and whether the live release has the value too."""

from collections.abc import Iterator

import msgspec

from mainstay.drivers.secrets.settings_file import Setting, SettingsFile
from mainstay.errors import BadInput
from mainstay.manifest import Manifest
from mainstay.manifest.messages import did_you_mean
from mainstay.manifest.variable import FIXED_DEFAULTS
from mainstay.model import Listener, Value, volume_variable
from mainstay.operations.context import Context
from mainstay.operations.history import history_of
from mainstay.operations.manifest import manifest_of, world_of
from mainstay.planning.facts import Snapshot, look, with_values
from mainstay.planning.variables import given_value, value_of


class ServiceVariable(msgspec.Struct, frozen=True):
    """A variable of a service. `value` is null if it is secret, missing, or known only when an instance starts."""

    name: str
    value: str | None
    source: str = msgspec.field(name="from")
    """The source of the value: `default`, `set`, `secret`, `mainstay`, or, for an address, the name of its service or
    datastore; empty if there is no value."""
    secret: bool = False
    """Whether the value is masked: it is a secret, or the address of a datastore, which contains a password."""
    version: int | None = None
    """The version number of the secret's value; null for other variables and for a secret without a value."""
    file: bool = False
    """Whether the value is delivered as a file; the service then gets its path as NAME_FILE."""
    set_at: str | None = None
    set_by: str | None = None
    live: bool = True
    """Whether the live release has this value; false: the value takes effect with the next deploy."""
    required: bool = False


class Configuration(msgspec.Struct, frozen=True):
    """The variables that a service gets."""

    service: str
    release: int | None
    """The number of the live release, with which `live` of each variable compares; null when no release is live."""
    variables: tuple[ServiceVariable, ...]
    version: str = ""
    """The version that the manifest declares; `variables` has the values that a deploy of it would use."""
    live_version: str = ""
    """The version of the live release; empty when no release is live."""


def config(context: Context, service: str) -> Configuration:
    """Return the variables that *service* gets with the next deploy.

    Raises BadInput when the manifest does not declare *service*.
    """
    manifest = manifest_of(context)
    if service not in manifest.services:
        what = f"there is no service {service} in {manifest.file.name}"
        raise BadInput(what, remedy=did_you_mean(service, manifest.services), code="no-such-service")
    world = world_of(manifest, context)
    seen = with_values(look(world, history_of(context)), world, manifest)
    # Values exported by this shell are left out: they are not stored yet, and another shell has other values.
    now = msgspec.structs.replace(seen, exported={})
    stored = SettingsFile(world.folders.settings).read()
    declared = tuple(_declared(manifest, now, service, stored))
    given = {each.name for each in declared}
    others = tuple(each for each in _from_mainstay(manifest, now, service) if each.name not in given)
    number, live_version = (now.release.number, now.release.version) if now.release else (None, "")
    return Configuration(service, number, declared + others, manifest.version, live_version)


def _declared(manifest: Manifest, now: Snapshot, service: str, stored: dict[str, Setting]) -> Iterator[ServiceVariable]:
    section, live = manifest.services[service], _live(now, service)
    for name in section.variables:
        value = value_of(manifest, now, name)
        source = _source(manifest, now, name)
        masked = manifest.variables[name].secret or source in now.datastores
        yield ServiceVariable(
            name=name,
            value=None if masked else _shown(now, value),
            source=source,
            secret=masked,
            version=now.secrets.get(name),
            file=masked and section.deliver == "file",
            set_at=stored[name].at if source == "set" else None,
            set_by=stored[name].by if source == "set" else None,
            live=live.get(name) == value,
            required=manifest.variables[name].required,
        )


def _source(manifest: Manifest, now: Snapshot, name: str) -> str:
    variable = manifest.variables[name]
    if variable.from_ is not None:
        return variable.from_
    if variable.secret:
        return "secret"
    if given_value(manifest, now, name) is not None:
        return "set"
    if variable.default is not None:
        return "default"
    return "mainstay" if name in FIXED_DEFAULTS else ""


def _shown(now: Snapshot, value: Value | None) -> str | None:
    if isinstance(value, Listener):
        # The port is chosen when the service starts for the first time.
        address = now.serving.listeners.get(value.service)
        return f"http://{address}" if address else None
    return value if isinstance(value, str) else None


def _live(now: Snapshot, service: str) -> dict[str, Value]:
    if now.release is None or service not in now.release.services:
        return {}
    workload = now.release.services[service].workload
    return workload.environment | workload.files


def _from_mainstay(manifest: Manifest, now: Snapshot, service: str) -> Iterator[ServiceVariable]:
    section = manifest.services[service]
    values: dict[str, str | None] = dict(FIXED_DEFAULTS)
    if section.port is not None:
        values |= {"HOST": None, "PORT": None}
    values |= {"MAINSTAY_SERVICE": service, "MAINSTAY_VERSION": manifest.version}
    values |= {"MAINSTAY_RELEASE": None, "MAINSTAY_INSTANCE": None, "HOME": None, "TMPDIR": None}
    values |= {volume_variable(each.name): f"{now.target.volumes}/{each.name}" for each in section.volumes}
    for name, value in values.items():
        yield ServiceVariable(name, value, "mainstay")
