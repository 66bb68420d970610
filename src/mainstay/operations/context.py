"""The context of a command: the environment on which it acts. Of the manifest, only the system's name is read."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec
from msgspec import json, to_builtins
from msgspec.structs import replace

from mainstay.drivers.secrets.source import SecretSource
from mainstay.drivers.targets.target import Target
from mainstay.drivers.world import World
from mainstay.errors import BadInput, Place
from mainstay.history.fold import HistoryFold
from mainstay.model import DatastoreSupport, Environment, Secret
from mainstay.model.environment import NAME, NAME_RULE
from mainstay.system.atomic_file import atomic_write
from mainstay.system.state_dir import LOCAL, Folders, short_id
from mainstay.system.state_file import decoding, require_format
from mainstay.system.users import is_root

MANIFEST = "mainstay.yaml"
FORMAT = 2
"""The format of `environment.json`."""
SYSTEM_LINE = re.compile(r"""^(?P<quote>["']?)system(?P=quote)[ \t]*:[ \t]+(.*?)[ \t]*(?:[ \t]#.*)?$""", re.MULTILINE)


class Wiring(NamedTuple):
    """The functions that create the drivers, so that operations do not import them."""

    world: Callable[[Environment, Folders], World]
    target: Callable[[Environment, Folders], Target]
    secret_sources: Callable[[], tuple[SecretSource, ...]]
    datastore_support: Callable[[str], DatastoreSupport | None]
    require_declared: Callable[[Path, str | None], None]
    """Takes the manifest's path and an environment's name. Raises BadInput when the manifest declares environments, but
    not one of that name; a manifest that cannot be read is accepted."""


class ValueRule(NamedTuple):
    """The rule for a value that the user types."""

    min_length: int
    """The minimum number of characters; 0: any number."""
    refusal: Callable[[str], str | None]
    """Returns why a value is not valid; None when it is valid."""


class Prompt(Protocol):
    """Prompts the user for a secret."""

    def fetch(self, name: str, rule: ValueRule | None = None) -> Secret | None:
        """Return what the user types as the value of the secret *name*; None for an empty answer.

        Prompts again for a value that *rule* refuses, but may return such a value after several attempts.
        """


class Context(msgspec.Struct, frozen=True):
    """The environment on which a command acts: the manifest's path, the environment's name, its folders and drivers."""

    file: Path
    environment: str | None
    """The value of `-e`; None: the default environment."""
    folders: Folders
    wiring: Wiring
    prompt: Prompt | None = None
    """Prompts the user at the terminal for a secret; None if the command does not prompt."""
    fold: HistoryFold = msgspec.field(default_factory=HistoryFold)
    """The history that this command has read from the journal so far; each later read adds only the new rows."""

    def world(self, environment: Environment) -> World:
        """Return the world of *environment*: all its drivers. A run uses a copy with its fence (`World.for_run`)."""
        return self.wiring.world(environment, self.folders)

    def target(self, environment: Environment) -> Target:
        return self.wiring.target(environment, self.folders)

    def stored(self) -> Environment:
        """Return the environment as last stored.

        Raises BadInput when nothing was deployed here yet, or `-e` names another environment.
        """
        found = self.stored_or_none()
        if found is None:
            self.wiring.require_declared(self.file, self.environment)
            what = f"nothing has been deployed here yet ({self.folders.state})"
            raise BadInput(what, remedy="mainstay up", code="nothing-here")
        self._require_same(found, self.environment or found.name, found.system)
        return found

    def require_state_of(self, environment: str, system: str) -> None:
        """Raise BadInput when the state folder belongs to another environment than *environment* of *system*."""
        stored = self.stored_or_none()
        if stored is not None:
            self._require_same(stored, environment, system)

    def _require_same(self, stored: Environment, environment: str, system: str) -> None:
        if (stored.name, stored.system) == (environment, system):
            return
        wanted = f"{system}/{environment}"
        what = f"the state in {self.folders.state} is that of {stored.system}/{stored.name}, not of {wanted}"
        remedy = f"add --state DIR with the folder of {wanted}, a new one if it has none yet, or set MAINSTAY_STATE"
        raise BadInput(what, remedy=remedy, code="state-of-another")

    def stored_or_none(self) -> Environment | None:
        """Return the environment as last stored; None before the first run.

        Raises StateUnreadable when `environment.json` has another format than `FORMAT`.
        """
        file, state = self.folders.environment, self.folders.state
        try:
            text = file.read_bytes()
        except FileNotFoundError:
            return None
        require_format(text, FORMAT, file, state)
        with decoding(file, state):
            return json.decode(text, type=Environment)


def write_environment(environment: Environment, folders: Folders) -> None:
    """Store *environment* in `environment.json`, for the commands that do not read the manifest."""
    atomic_write(folders.environment, json.format(json.encode({"format": FORMAT} | to_builtins(environment))))


def open_context(wiring: Wiring, file: Path | None, environment: str | None, state: Path | None) -> Context:
    """Return the context of a command; the options `-f`, `-e` and `--state` are None if they were not given.

    Raises BadInput when, without *state*, the manifest is missing or does not name the system.
    """
    manifest = (file or Path.cwd() / MANIFEST).absolute()
    if state is not None:
        place = state.absolute()
        return _context(wiring, manifest, environment, place, f"{place.name}-{short_id(place)[:8]}")
    if not manifest.exists():
        remedy = "mainstay init; or, for a system that exists already, add --state DIR to the command"
        raise BadInput(f"there is no {manifest.name} in {manifest.parent}", remedy=remedy, code="manifest-missing")
    name = environment or LOCAL
    known_as = f"{_system(manifest)}-{name}"
    if name == LOCAL:
        # Two checkouts never share their `local`; every other environment is shared by all checkouts that deploy to it.
        known_as += f"-{short_id(manifest.parent.resolve())[:8]}"
    return _context(wiring, manifest, environment, _states() / known_as, known_as)


def _context(wiring: Wiring, manifest: Path, environment: str | None, state: Path, known_as: str) -> Context:
    found = Context(manifest, environment, Folders(state, _keys(known_as)), wiring)
    stored = found.stored_or_none()
    # Keys stay where they were when the environment was created, even if this shell sets another place.
    return found if stored is None else replace(found, folders=Folders(state, Path(stored.keys)))


def _system(manifest: Path) -> str:
    """Return the system's name, read as text, so that a mistake elsewhere in the file does not stop other commands."""
    try:
        text = manifest.read_text(errors="replace")
    except OSError as trouble:
        remedy = f"name the manifest: -f {manifest / MANIFEST}" if manifest.is_dir() else "mainstay init"
        raise BadInput(f"cannot read {manifest}: {trouble.strerror}", remedy=remedy, code="manifest-missing") from None
    found = SYSTEM_LINE.search(text)
    if found is None:
        remedy = "begin the file with system: NAME, or add --state DIR to the command"
        raise BadInput(f"{manifest} does not name the system", remedy=remedy, code="system-missing")
    name = found[2].strip("\"'")
    if not NAME.fullmatch(name):
        line, column = text.count("\n", 0, found.start()) + 1, found.start(2) - found.start() + 1
        place = Place(str(manifest), line, column, "system")
        what = f"{name!r} is not a name, so the system's state cannot be found"
        raise BadInput(what, remedy=f"write another name: {NAME_RULE}", place=place, code="bad-name")
    return name


def _states() -> Path:
    if is_root():
        return Path("/var/lib/mainstay")
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "mainstay"


def _keys(name: str) -> Path:
    if "MAINSTAY_KEYS" in os.environ:
        return Path(os.environ["MAINSTAY_KEYS"]).absolute() / name
    if is_root():
        return Path("/etc/mainstay/keys") / name
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "mainstay" / "keys" / name
