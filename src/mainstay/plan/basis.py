"""The basis: what a plan stands on. With another one it is stale, and the differences are named."""

import hashlib

import msgspec

from mainstay.plan import Basis, Kind, Plan
from mainstay.release import Fleet, Release
from mainstay.snapshot import Snapshot


def basis_of(release: Release, now: Snapshot) -> Basis:
    """What *now* says of all that a plan to *release* depends on; measurements do not belong to it."""
    return Basis(
        release=digest(release),
        serving=now.release.number if now.release else None,
        fleet=counts(now.running.wanted),
        traffic={name: shares for name, shares in now.serving.wanted.items() if shares},
        schema={name: facts.schema.revision for name, facts in now.datastores.items()},
        last_run=now.last_run,
    )


def identity(kind: Kind, release: Release, basis: Basis) -> str:
    """The plan's id: two plans with one are the same plan."""
    return digest([kind, release, basis])[:10]


def differences(planned: Plan, now: Plan) -> tuple[str, ...]:
    """What has changed since *planned* was made, in words; nothing where it still stands."""
    old, new = planned.basis, now.basis
    told = {
        "the release that serves": (old.serving, new.serving),
        "what runs": (old.fleet, new.fleet),
        "who serves": (old.traffic, new.traffic),
        "the schema": (old.schema, new.schema),
        "the last run": (old.last_run, new.last_run),
    }
    found = [
        f"{name}: {before or 'nothing'} → {after or 'nothing'}"
        for name, (before, after) in told.items()
        if before != after
    ]
    if old.release != new.release and not found:
        found.append("what the manifest or its sources say")
    return tuple(found)


def counts(fleet: Fleet) -> dict[str, dict[int, int]]:
    """How many of each revision."""
    every = {name: {release: each.count for release, each in members.items()} for name, members in fleet.items()}
    return {name: releases for name, releases in every.items() if releases}


def digest(value: object) -> str:
    """The same for equal values, in whatever order their mappings were made."""
    plain = msgspec.to_builtins(value, str_keys=True)
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()
