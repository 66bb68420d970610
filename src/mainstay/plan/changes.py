"""Changes: the diff between what serves and what will, a line for each value that differs."""

from collections.abc import Iterator
from typing import Any

import msgspec

from mainstay.plan import Change
from mainstay.release import Release, ServiceRelease


def changes_between(before: Release | None, after: Release) -> tuple[Change, ...]:
    """Every difference that an operator could mean; secrets appear by name and version only."""
    return tuple(_differences("", _plain(before), _plain(after)))


def _plain(release: Release | None) -> Any:
    """As JSON has it, so that a plan that was written down and read again is the same plan."""
    return msgspec.json.decode(msgspec.json.encode(_shown(release) if release else {}))


def _shown(release: Release) -> dict[str, Any]:
    stores = release.datastores.items()
    return {
        "version": release.version,
        "services": {name: _service(release, each) for name, each in release.services.items()},
        "datastores": {name: {"kind": s.kind, "version": s.version, "schema": s.schema} for name, s in stores},
        "edge": msgspec.to_builtins(release.edge),
    }


def _service(release: Release, each: ServiceRelease) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(each.spec)
    brought = release.contents.get(each.spec.content)
    # The key of a content tells an operator nothing; what was copied does.
    shown["content"] = brought.digest[:12] if brought else each.spec.content
    return shown | {"replicas": each.replicas, "strategy": msgspec.to_builtins(each.strategy)}


def _differences(path: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from _differences(f"{path}.{name}" if path else name, before.get(name), after.get(name))
    elif before != after:
        yield Change(path, before, after)
