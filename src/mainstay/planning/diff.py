"""The changes between the live release and the planned one: one line for each value that differs."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mainstay.model import Listener, Release, SecretRef, Template, Value
from mainstay.planning.declaration.edge import declared_edge
from mainstay.planning.declaration.service import declared_service
from mainstay.planning.plan import Change


def changes_between(before: Release | None, after: Release, schemas: Mapping[str, str]) -> tuple[Change, ...]:
    """Return every difference between the releases that an operator can act on, in the words of the manifest.

    Secrets appear only by name and version. *schemas* are the current schema revisions of the datastores, which may
    differ from those of the live release.
    """
    shown = tuple(_differences("", _shown(before, schemas) if before else {}, _shown(after, {})))
    return shown + (tuple(_resolved_differently(before, after, shown)) if before else ())


def in_words(value: Value) -> str:
    """Return a variable's value as readable text, in which a secret appears only by its name and version."""
    match value:
        case SecretRef():
            return f"secret {_secret(value)}"
        case Listener():
            return f"the address of {value.service}"
        case Template():
            parts = [piece.value for piece in value.pieces]
            called = [part.service for part in parts if isinstance(part, Listener)]
            secrets = [_secret(part) for part in parts if isinstance(part, SecretRef) and part.version is not None]
            what = f"the address of {called[0]}" if called else "a value composed of secrets"
            return f"{what} with {', '.join(secrets)}" if secrets else what
        case str():
            return value


def _secret(secret: SecretRef) -> str:
    return secret.name if secret.version is None else f"{secret.name} (version {secret.version})"


def _shown(release: Release, schemas: Mapping[str, str]) -> dict[str, Any]:
    stores = release.datastores.items()
    return {
        "version": release.version,
        "services": {name: declared_service(release, each) for name, each in release.services.items()},
        "datastores": {
            name: {"kind": s.kind, "version": s.version, "schema": schemas.get(name, s.schema) or None}
            for name, s in stores
        },
        "edge": declared_edge(release.edge) if release.edge else None,
    }


def _resolved_differently(before: Release, after: Release, shown: tuple[Change, ...]) -> Iterator[Change]:
    """Yield the services that change although their declarations are equal, so that no new revision is unexplained."""
    for name, each in after.services.items():
        old = before.services.get(name)
        declared = any(change.path.startswith(f"services.{name}.") for change in shown)
        if old and old.workload != each.workload and not declared:
            yield Change(f"services.{name}", "as resolved before", "resolved by another Mainstay or interpreter")


def _differences(path: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _differences(f"{path}.{name}" if path else name, before.get(name), after.get(name))
    elif before != after:
        old, new = _plain(before), _plain(after)
        yield Change(path, old, new if old != new else f"{new}, composed differently")


def _plain(value: Any) -> Any:
    """Return *value* as JSON types, so that a plan read back from JSON equals the one that was written."""
    if isinstance(value, SecretRef | Listener | Template):
        return in_words(value)
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return msgspec.json.decode(msgspec.json.encode(value))
