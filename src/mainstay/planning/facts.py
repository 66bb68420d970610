"""The facts about an environment that a plan depends on, gathered in one pass without judging them."""

import os
import re
from collections.abc import Collection
from pathlib import Path

import msgspec

from mainstay.drivers.datastores.datastore import provisioned
from mainstay.drivers.secrets.settings_file import SettingsFile
from mainstay.drivers.targets.target_facts import TargetFacts
from mainstay.drivers.world import World
from mainstay.errors import BadInput
from mainstay.history.summary import History
from mainstay.manifest.system import Manifest
from mainstay.manifest.variable import OF_EVERY_SHELL
from mainstay.model import Environment, FleetStatus, Release, TrafficStatus
from mainstay.model.artifact import Source
from mainstay.planning.datastore_facts import DatastoreFacts, datastore_facts
from mainstay.system.state_file import decoding

SCHEMA = "mainstay.schema.json"
"""The file to which `mainstay schema --help` suggests writing the manifest's JSON Schema."""


class Snapshot(msgspec.Struct, frozen=True):
    """The state of an environment at one time."""

    environment: Environment
    running: FleetStatus
    serving: TrafficStatus
    release: Release | None = None
    """The live release, as its plan recorded it; None: no release is live."""
    rolled_back: Release | None = None
    """The newer release from which a rollback returned to the live one; None: the last change was no such rollback."""
    next_number: int = 1
    """The number of the next new release."""
    last_run: str | None = None
    """The id of the newest run; None before the first."""
    datastores: dict[str, DatastoreFacts] = {}
    secrets: dict[str, int] = {}
    """The current version of each secret that has a stored value: those of the manifest and of the datastores."""
    offered: frozenset[str] = frozenset()
    """Secrets without a stored value whose value was given to this command."""
    settings: dict[str, str] = {}
    """Stored values of plain variables (those that are not secret), by name."""
    exported: dict[str, str] = {}
    """Values of plain variables that the shell of this command exports, by name."""
    target: TargetFacts = TargetFacts()
    expected: dict[str, float] = {}
    """Expected seconds of steps, from the history, by `Step.timed_as`."""
    taken_at: str = ""
    """The time of the snapshot, in ISO format."""

    @property
    def schemas(self) -> dict[str, str]:
        """The current schema revision of each datastore: as read, or from the history if it cannot be reached.

        A datastore that cannot be reached and has no history is left out.
        """
        found = {name: facts.schema for name, facts in self.datastores.items()}
        return {name: schema.revision for name, schema in found.items() if schema.reachable or schema.revision}

    def pending(self, datastore: str) -> tuple[str, ...]:
        """Return the revisions of the pending migrations of *datastore*."""
        return self.datastores[datastore].schema.pending if datastore in self.datastores else ()


def look(world: World, history: History, manifest: Manifest | None = None) -> Snapshot:
    """Return a snapshot of the environment. Without *manifest* it has only the facts that rollback and `down` need."""
    running, serving = world.target.fleet_status(), world.target.traffic_status()
    live = document(history, history.live.number) if history.live else None
    known = _known_schemas(history, live)
    folders = _migration_folders(manifest) if manifest else {}
    snapshot = Snapshot(
        environment=world.environment,
        running=running,
        serving=serving,
        release=live,
        rolled_back=_rolled_back(history, live),
        next_number=history.next_release,
        last_run=history.last_run,
        datastores={
            name: datastore_facts(store, folders.get(name), running, serving, known.get(name, ""))
            for name, store in world.datastores.items()
        },
        expected=history.expected,
        taken_at=world.clock.now().isoformat(),
    )
    keys = {each.workload.artifact for each in live.services.values()} if live else set()
    if manifest is None:
        return msgspec.structs.replace(snapshot, target=world.target.facts(live=keys))
    return with_values(snapshot, world, manifest, live=keys, sources=set(sources(manifest).values()))


def with_values(
    snapshot: Snapshot,
    world: World,
    manifest: Manifest,
    *,
    live: Collection[str] = (),
    sources: Collection[Source] = (),
) -> Snapshot:
    """Return *snapshot* with the facts on which the values of the variables in *manifest* depend.

    It also gets the target's facts: which of the *live* artifacts (keys) are damaged, and the digests of *sources*.
    """
    settings = {name: each.value for name, each in SettingsFile(world.folders.settings).read().items()}
    return msgspec.structs.replace(
        snapshot,
        secrets=_secrets(world, manifest),
        settings=settings,
        exported={name: os.environ[name] for name in manifest.variables if _is_exported(name, manifest)},
        target=world.target.facts(live=live, sources=sources, path=_declared_path(manifest, settings)),
    )


def document(history: History, number: int) -> Release:
    """Return release *number* as its plan recorded it. Raises BadInput when no plan has that release."""
    found = history.document(number)
    if found is None:
        raise BadInput(f"there is no release {number}", remedy="mainstay history", code="no-such-release")
    with decoding(f"release {number} in the journal", "the state folder"):
        return msgspec.json.decode(found, type=Release)


def sources(manifest: Manifest) -> dict[str, Source]:
    """Return the source of each service's files, and of each datastore's migrations (as `migrations:NAME`)."""
    migrations = {f"migrations:{name}": Source(folder) for name, folder in _migration_folders(manifest).items()}
    return {name: source_of(manifest, name) for name in manifest.services} | migrations


def _migration_folders(manifest: Manifest) -> dict[str, str]:
    return {
        name: str((manifest.folder / store.migrations.sql).resolve())
        for name, store in manifest.datastores.items()
        if store.migrations is not None and store.migrations.sql is not None
    }


def source_of(manifest: Manifest, service: str) -> Source:
    """Return the source from which the content of *service* is copied."""
    section = manifest.services[service].source
    return section.to_source(manifest.folder, manifest.version, _apart(manifest, section.path(manifest.folder)))


def _apart(manifest: Manifest, folder: Path) -> tuple[str, ...]:
    """Return the patterns that keep the manifest and its schema out of a copy of *folder*: no service reads them."""
    # The folder is resolved because sources are resolved too; the name is not, because the manifest may be a link.
    place = manifest.folder.resolve()
    if not place.is_relative_to(folder):
        return ()
    below = (place / name for name in (manifest.file.name, SCHEMA))
    return tuple("/" + re.sub(r"([\\*?\[\] ])", r"\\\1", str(path.relative_to(folder))) for path in below)


def _known_schemas(history: History, live: Release | None) -> dict[str, str]:
    """Return the schema revision per datastore that the history proves; empty when no release is live."""
    # Without a live release the history does not prove that the data of an earlier attempt still exists.
    return {name: history.schemas.get(name, store.schema) for name, store in live.datastores.items()} if live else {}


def _rolled_back(history: History, live: Release | None) -> Release | None:
    origin = history.origin
    if live is None or origin is None or origin.before is None or origin.before not in history.rolled_back:
        return None
    return document(history, origin.before)


def _secrets(world: World, manifest: Manifest) -> dict[str, int]:
    names = {name for name, variable in manifest.variables.items() if variable.secret}
    names |= {name for store in provisioned(world.datastores.values()) for name in store.secrets()}
    found = {name: world.sealed.present(name) for name in sorted(names)}
    return {name: version for name, version in found.items() if version is not None}


def _is_exported(name: str, manifest: Manifest) -> bool:
    variable = manifest.variables[name]
    plain = not variable.secret and variable.from_ is None
    return plain and bool(os.environ.get(name)) and name not in OF_EVERY_SHELL


def _declared_path(manifest: Manifest, settings: dict[str, str]) -> str:
    if "PATH" not in manifest.variables:
        return ""
    stored = "" if manifest.is_fixed("PATH") else settings.get("PATH", "")
    return stored or manifest.variables["PATH"].default or ""
