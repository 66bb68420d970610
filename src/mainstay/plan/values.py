"""The values that a service is told: of all variables just those it lists, and nothing that is secret in clear."""

from typing import NamedTuple

from mainstay import placeholders
from mainstay.errors import BadInput
from mainstay.manifest.system import Manifest
from mainstay.manifest.variable import FIXED_DEFAULTS
from mainstay.release import Listener, Template, Value
from mainstay.sealed import SecretRef
from mainstay.snapshot import Snapshot

Values = dict[str, Value]


class Braces(NamedTuple):
    """The values of the placeholders that are known when the plan is made; `{host}` and `{port}` stay in the text."""

    python: str
    uv: str
    version: str
    volumes: str

    def fill(self, text: str) -> str:
        """Return *text* with its placeholders replaced. Raises BadInput where there is no interpreter to name."""
        if not self.python and placeholders.uses("python", [text]):
            raise BadInput(
                "{python} is asked for, and no Python ≥ 3.11 was found that the services' user can reach",
                remedy="install python3 ≥ 3.11 under /usr, or name an interpreter in `command`",
                code="no-python",
            )
        values = {"python": self.python, "uv": self.uv, "version": self.version}
        return placeholders.fill(text, values, self.volumes)

    def fill_all(self, command: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(self.fill(argument) for argument in command)


def braces_of(manifest: Manifest, now: Snapshot) -> Braces:
    return Braces(now.programs.python, now.programs.uv, manifest.version, now.volumes)


def values_of(manifest: Manifest, now: Snapshot, service: str, braces: Braces) -> tuple[Values, Values]:
    """What *service* is told in its environment, and what as files. Raises BadInput for what has no value."""
    said = manifest.services[service]
    found = {name: _value(manifest, now, name, braces) for name in said.variables}
    missing = [name for name, value in found.items() if value is None and manifest.variables[name].required]
    if missing:
        raise BadInput(
            f"{service} reads {', '.join(missing)}, which {'has' if len(missing) == 1 else 'have'} no value",
            remedy=f"{missing[0]}=… mainstay deploy",
            code="variable-missing",
        )
    told = {name: value for name, value in found.items() if value is not None}
    environment: Values = dict(FIXED_DEFAULTS)
    files = {name: value for name, value in told.items() if said.deliver == "file" and _is_secret(value)}
    return environment | {name: value for name, value in told.items() if name not in files}, files


def _value(manifest: Manifest, now: Snapshot, name: str, braces: Braces) -> Value | None:
    variable = manifest.variables[name]
    if variable.from_ in now.datastores:
        return now.datastores[variable.from_].addresses["application"]
    if variable.from_ is not None:
        return Listener(variable.from_)
    if variable.secret:
        # One that is generated has a version 1 before anything starts.
        version = now.secrets.get(name) or (1 if variable.generate else None)
        return SecretRef(name, version) if version else None
    if variable.default is not None:
        return braces.fill(variable.default)
    return _allowed(manifest, name, now.given.get(name, FIXED_DEFAULTS.get(name)))


def _allowed(manifest: Manifest, name: str, value: str | None) -> str | None:
    one_of = manifest.variables[name].one_of
    if value is not None and one_of and value not in one_of:
        raise BadInput(f"{name} is {value!r}", remedy=f"use one of {', '.join(one_of)}", code="not-one-of")
    if value is not None and len(value) < (manifest.variables[name].min_length or 0):
        raise BadInput(f"{name} is too short", remedy="lengthen it, or lower min_length", code="too-short")
    return value


def _is_secret(value: Value) -> bool:
    return isinstance(value, SecretRef) or (isinstance(value, Template) and value.secret)
