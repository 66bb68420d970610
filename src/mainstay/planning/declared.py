"""Whether the manifest has changed: a fingerprint of what is declared, not of what Mainstay makes of it."""

from typing import Any

from mainstay.manifest.base import Model
from mainstay.manifest.system import Manifest
from mainstay.planning.facts import Snapshot, sources
from mainstay.planning.given import read_variables
from mainstay.planning.staleness import digest
from mainstay.planning.variables import given_value


def declared(manifest: Manifest, now: Snapshot) -> str:
    """Return the digest of what *manifest* declares, with the content of its sources and the values given to it.

    A newer Mainstay or another interpreter changes the release that is resolved from a manifest, but not this digest:
    after a rollback such a change must not make `up` ship again what was rolled back.
    """
    return digest(
        {
            "version": manifest.version,
            "target": _written(manifest.target),
            "variables": {name: _written(each) for name, each in manifest.variables.items()},
            "services": {name: _written(each) for name, each in manifest.services.items()},
            "datastores": {name: _written(each) for name, each in manifest.datastores.items()},
            "edge": _written(manifest.edge),
            "sources": {name: now.sources[each].digest for name, each in sources(manifest).items()},
            "values": {name: _value(manifest, now, name) for name in read_variables(manifest)},
        }
    )


def _written(part: Model) -> dict[str, Any]:
    return part.model_dump(mode="json", exclude_unset=True)


def _value(manifest: Manifest, now: Snapshot, name: str) -> str | int | None:
    """The version of a secret, or the value of a plain variable that an operator gave."""
    if not manifest.variables[name].secret:
        return given_value(manifest, now, name)
    # A secret that the run is going to store gets version 1.
    brought = manifest.variables[name].generate or name in now.offered
    return now.secrets.get(name) or (1 if brought else None)
