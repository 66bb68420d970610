"""A world of fakes in memory, with a state folder of its own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import choices
from string import ascii_letters

from mainstay.drivers.datastores.datastore import Datastore
from mainstay.drivers.secrets.sealed_file import Sealed, SealedEntry, StoredSecret
from mainstay.drivers.targets.target import RunTarget
from mainstay.drivers.world import RunWorld
from mainstay.errors import BadInput, Unreachable
from mainstay.model import Environment, Secret, SecretRef
from mainstay.system.clock import Waiter
from mainstay.system.command import CommandResult, Shell
from mainstay.system.state_dir import Folders
from tests.fakes.clock import TurnableClock
from tests.fakes.files import TargetWithFiles, host_of

WHEN = "2026-01-05T12:00:00+00:00"


class FakeSealed:
    """Secrets in memory."""

    def __init__(self) -> None:
        self._values: dict[str, list[Secret]] = {}
        self._generated: set[SecretRef] = set()

    def read(self, ref: SecretRef) -> Secret:
        kept = self._values.get(ref.name, [])
        version = len(kept) if ref.version is None else ref.version
        if not 0 < version <= len(kept):
            raise BadInput(f"there is no secret {ref.name}")
        return kept[version - 1]

    def present(self, name: str) -> int | None:
        return len(self._values[name]) if name in self._values else None

    def keep(self, name: str, value: Secret) -> SecretRef:
        return self.keep_all({name: value})[0].ref

    def keep_all(self, values: Mapping[str, Secret]) -> tuple[StoredSecret, ...]:
        return tuple(self._keep(name, value) for name, value in values.items())

    def _keep(self, name: str, value: Secret) -> StoredSecret:
        kept = self._values.setdefault(name, [])
        changed = not kept or kept[-1].reveal() != value.reveal()
        if changed:
            kept.append(value)
        return StoredSecret(SecretRef(name, len(kept)), changed)

    def add(self, name: str, value: Secret) -> SecretRef:
        return SecretRef(name, self.present(name)) if name in self._values else self.keep(name, value)

    def generate(self, name: str, length: int) -> SecretRef:
        if name not in self._values:
            self.keep(name, Secret("".join(choices(ascii_letters, k=length))))
            self._generated.add(SecretRef(name, 1))
        return SecretRef(name, self.present(name))

    def entries(self) -> tuple[SealedEntry, ...]:
        newest = [SecretRef(name, len(versions)) for name, versions in sorted(self._values.items())]
        return tuple(SealedEntry(ref.name, ref.version or 0, WHEN, ref in self._generated) for ref in newest)


class NoShell(Shell):
    """Refuses every command; a test that needs one passes its own shell."""

    def __call__(self, command: Sequence[str], **_: object) -> CommandResult:
        raise Unreachable(f"{command[0]} cannot be started in this test")


def fake_world(
    folder: Path,
    *,
    target: RunTarget | None = None,
    clock: TurnableClock | None = None,
    datastores: Mapping[str, Datastore] | None = None,
    sealed: Sealed | None = None,
) -> RunWorld:
    """Return the world of a run in the environment shop/local, with state, keys and artifacts in *folder*."""
    clock = clock or TurnableClock()
    folders = Folders(folder / "state", folder / "keys")
    files = TargetWithFiles(clock)
    world = RunWorld(
        environment=Environment("shop", "local", "process", str(folders.state), str(folders.keys)),
        folders=folders,
        target=target or files,
        datastores=datastores or {},
        sealed=sealed or FakeSealed(),
        clock=clock,
        shell=NoShell(),
        waiter=Waiter(clock),
    )
    files.host = host_of(world)
    return world
