"""The staleness key of a plan, and the differences between two keys. A plan is stale once its key has changed."""

import hashlib

import msgspec

from mainstay.model import Release, Revision, Traffic
from mainstay.model.flow import Flows
from mainstay.planning.facts import Snapshot
from mainstay.planning.plan import Plan, StalenessKey, counts
from mainstay.steps.set_traffic import in_words


def staleness_key(release: Release, now: Snapshot, flows: Flows = ()) -> StalenessKey:
    """Return everything in *now* on which a plan to *release* depends. Expected durations are not part of it."""
    return StalenessKey(
        release=digest(release),
        serving=now.release.number if now.release else None,
        fleet={name: counts(members) for name, members in now.running.wanted.items() if members},
        traffic={name: shares for name, shares in now.serving.wanted.items() if shares},
        schema={name: facts.schema.revision for name, facts in now.datastores.items()},
        last_run=now.last_run,
        smoke=digest(flows) if flows else "",
    )


def differences(planned: Plan, now: Plan) -> tuple[str, ...]:
    """Return a sentence for each change from *planned* to *now*, the same plan made again; empty: it is not stale."""
    old, new = planned.staleness_key, now.staleness_key
    pairs = {"the live release": (str(old.serving or ""), str(new.serving or ""))}
    pairs |= _each("the instances of", _instances(old.fleet), _instances(new.fleet))
    pairs |= _each("the traffic of", _shares(old.traffic), _shares(new.traffic))
    pairs |= _each("the schema of", old.schema, new.schema)
    pairs["the last run"] = (old.last_run or "", new.last_run or "")
    found = [
        f"{name}: {before or 'none'} → {after or 'none'}" for name, (before, after) in pairs.items() if before != after
    ]
    if old.smoke != new.smoke:
        found.append("the smoke flows have changed")
    if old.release != new.release and not found:
        found.append("the manifest or its sources have changed")
    return tuple(found)


def _each(what: str, old: dict[str, str], new: dict[str, str]) -> dict[str, tuple[str, str]]:
    return {f"{what} {name}": (old.get(name, ""), new.get(name, "")) for name in sorted({*old, *new})}


def _instances(fleet: dict[str, dict[int, int]]) -> dict[str, str]:
    return {
        name: ", ".join(f"{count} of {Revision(name, release)}" for release, count in sorted(members.items()))
        for name, members in fleet.items()
    }


def _shares(traffic: Traffic) -> dict[str, str]:
    return {name: in_words(shares) for name, shares in traffic.items()}


def digest(value: object) -> str:
    """Return the SHA-256 digest of *value*, independent of the order of keys in mappings."""
    plain = msgspec.to_builtins(value, str_keys=True)
    return hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()
