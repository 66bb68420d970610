"""Fingerprint of what a manifest declares, independent of the release that Mainstay resolves from it."""

from typing import Any

from mainstay.manifest.base import Section
from mainstay.manifest.system import Manifest
from mainstay.planning.facts import Snapshot, sources
from mainstay.planning.given import read_variables
from mainstay.planning.staleness import digest
from mainstay.planning.variables import given_value, secret_version


def declared(manifest: Manifest, now: Snapshot) -> str:
    """Return the digest of what *manifest* declares, with the content of its sources and the values given to it.

    A newer Mainstay or another interpreter changes the release that is resolved from a manifest, but not this digest;
    otherwise, after a rollback, such a change would make `up` deploy the rolled-back code again.
    """
    return digest(
        {
            "version": manifest.version,
            "target": _written(manifest.target),
            "variables": {name: _written(each) for name, each in manifest.variables.items()},
            "services": {name: _written(each) for name, each in manifest.services.items()},
            "datastores": {name: _written(each) for name, each in manifest.datastores.items()},
            "edge": _written(manifest.edge),
            "sources": {name: now.target.sources[each].digest for name, each in sources(manifest).items()},
            "values": {name: _value(manifest, now, name) for name in read_variables(manifest)},
        }
    )


def _written(part: Section) -> dict[str, Any]:
    return part.model_dump(mode="json", exclude_unset=True)


def _value(manifest: Manifest, now: Snapshot, name: str) -> str | int | None:
    """Return the version of a secret, or the value that an operator gave a plain variable; None when there is none."""
    is_secret = manifest.variables[name].secret
    return secret_version(manifest, now, name) if is_secret else given_value(manifest, now, name)
