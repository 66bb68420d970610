"""What a release is made of: folders, measured and copied by names, bytes, executable bits, links, empty folders."""

import errno
import hashlib
import os
import platform
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from pathspec import GitIgnoreSpec

from mainstay.errors import BadInput
from mainstay.system.atomic_file import move
from mainstay.system.users import is_root

IGNORE_FILES = (".gitignore", ".mainstayignore")
"""In the order in which they speak: the later one may take back what the earlier one left out."""

OWN_FILES = (".mainstayignore",)
"""Patterns of files that only Mainstay reads, in every folder; a source adds its own (`Source.apart`)."""


class Measured(msgspec.Struct, frozen=True):
    """What a folder holds, in numbers. Two folders with the same digest are the same to a service."""

    digest: str
    files: int
    left_out: int


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the ignore files of one folder say about everything below it."""

    folder: Path
    spec: GitIgnoreSpec


@dataclass(slots=True)
class _Walk:
    """One walk through a folder; counts what ignore files leave out."""

    root: Path
    ignoring: bool
    own: GitIgnoreSpec
    """What is left out without being counted, where no ignore file includes it."""
    left_out: int = 0
    found: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.found.extend(self._below(self.root, _rules_above(self.root) if self.ignoring else []))

    def _below(self, folder: Path, rules: list[_Rules]) -> Iterator[Path]:
        here = _rules_of(folder) if self.ignoring else None
        rules = [*rules, here] if here else rules
        for entry in sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name)):
            path, is_folder = Path(entry.path), entry.is_dir(follow_symlinks=False)
            if self.ignoring and entry.name == ".git":
                continue
            whole = is_folder or entry.is_symlink() or entry.is_file(follow_symlinks=False)
            ignored = _ignored(path, is_folder, rules)
            if ignored is None and self.ignoring and self._is_own(path):
                continue
            if ignored or not whole:
                self.left_out += 1
                continue
            yield path
            if is_folder:
                yield from self._below(path, rules)

    def _is_own(self, path: Path) -> bool:
        return self.own.match_file(path.relative_to(self.root).as_posix())


def measure(folder: Path, *, ignoring: bool = True, apart: Sequence[str] = ()) -> Measured:
    """Return digest and numbers of *folder* without the files that match *apart*; without *ignoring*, of all files.

    Raises BadInput when it does not exist, cannot be read, or contains a link that leads outside.
    """
    walk = _walk(folder, ignoring, apart)
    total, files = hashlib.sha256(), 0
    for path in walk.found:
        kind, told = _told(path, walk.root)
        name = os.fsencode(path.relative_to(walk.root))
        total.update(b"%s %d %s %s\n" % (kind, len(name), name, told))
        if kind in {b"file", b"program"}:
            files += 1
    return Measured(total.hexdigest(), files, walk.left_out)


def copy(folder: Path, to: Path, *, ignoring: bool = True, apart: Sequence[str] = ()) -> None:
    """Copy what `measure` counts of *folder* to the new folder *to*; blocks are shared where the file system can."""
    walk = _walk(folder, ignoring, apart)
    to.mkdir(parents=True)
    to.chmod(0o755)
    for path in walk.found:
        target = to / path.relative_to(walk.root)
        if path.is_symlink():
            _stays_inside(path, walk.root)
            target.symlink_to(os.readlink(path))
        elif path.is_dir():
            target.mkdir()
            target.chmod(0o755)
        else:
            _copy_file(path, target)


def key(digest: str, build: Sequence[Sequence[str]], path: str) -> str:
    """The name of built content: what was copied, how it is built, with which programs, for which machine."""
    parts = msgspec.json.encode([digest, build, path, platform.machine()])
    return hashlib.sha256(parts).hexdigest()[:24]


def give(folder: Path, uid: int, gid: int) -> None:
    """Let a user build in *folder*. Only root can.

    The top comes last: until then that user cannot reach what is inside, and so cannot replace a folder by a link.
    """
    for path in reversed(list(_everything(folder))):
        os.lchown(path, uid, gid)


def seal(folder: Path) -> None:
    """From now on nobody who serves can write in *folder*, and everybody can read it who comes that far.

    As root it then belongs to root; else nobody may write, its owner included.
    """
    root = is_root()
    for path in _everything(folder):
        if root:
            os.lchown(path, 0, 0)
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.lstat().st_mode) & 0o777
        readable = 0o555 if path.is_dir() or mode & 0o100 else 0o444
        path.chmod((mode | readable) & ~0o022 if root else mode & ~0o222)


def inventory(folder: Path) -> bytes:
    """Return the names of everything in *folder*, with size and time of change of each file, as `damaged` compares it.

    Reading them costs milliseconds for thousands of files; a digest of the contents would cost seconds.
    """
    return msgspec.json.encode({str(path.relative_to(folder)): _traits(path) for path in _everything(folder)})


def damaged(folder: Path, kept: bytes) -> tuple[str, ...]:
    """Return what is missing or changed in *folder* since `inventory` returned *kept*; additions are no damage."""
    before: dict[str, tuple[int, int]] = msgspec.json.decode(kept, type=dict[str, tuple[int, int]]) if kept else {}
    return tuple(name for name, traits in before.items() if _traits(folder / name) != traits)


def restore(folder: Path, copied: Path, names: Sequence[str]) -> bool:
    """Replace *names* in *folder* by those of *copied*, one by one, under the instances that run there.

    Return False, having changed nothing, where *copied* lacks one of them: then a build has made it.
    """
    if not folder.is_dir() or not all(os.path.lexists(copied / name) for name in names):
        return False
    for place, _, _ in os.walk(folder):
        os.chmod(place, 0o755)
    for name in sorted(names):  # A folder comes before what it contains.
        source, target = copied / name, folder / name
        is_folder = source.is_dir() and not source.is_symlink()
        if os.path.lexists(target) and is_folder != (target.is_dir() and not target.is_symlink()):
            remove(target)
        if is_folder:
            target.mkdir(exist_ok=True)
        else:
            move(source, target)
    return True


def _traits(path: Path) -> tuple[int, int]:
    """Return size and time of change in ns of a file or link; zeros for a folder, which additions change too."""
    try:
        found = path.lstat()
    except OSError:
        return -1, -1
    return (0, 0) if stat.S_ISDIR(found.st_mode) else (found.st_size, found.st_mtime_ns)


def remove(folder: Path) -> None:
    """Take *folder* (or a file) away, sealed or not; nothing where it is not."""
    if not folder.is_dir():
        folder.unlink(missing_ok=True)
        return
    if not is_root():  # Root needs no permission, and a chmod follows a link that a build user has put there.
        for path, _, _ in os.walk(folder):
            os.chmod(path, 0o700)
    shutil.rmtree(folder)


def remove_own(folder: Path, apart: Sequence[str]) -> None:
    """Remove from *folder* what only Mainstay reads, unless its `.mainstayignore` includes it again."""
    ignore = folder / ".mainstayignore"
    lines = ignore.read_text(errors="replace").splitlines() if ignore.is_file() else []
    own = GitIgnoreSpec.from_lines([*OWN_FILES, *apart, *(line for line in lines if line.startswith("!"))])
    for place, _, files in os.walk(folder):
        for path in (Path(place, name) for name in files):
            if own.match_file(path.relative_to(folder).as_posix()):
                path.unlink()


def _walk(folder: Path, ignoring: bool, apart: Sequence[str]) -> _Walk:
    if not folder.is_dir():
        raise BadInput(
            f"{folder} is not a folder", remedy="name a folder that exists as `source`", code="source-missing"
        )
    try:
        return _Walk(folder.absolute(), ignoring, GitIgnoreSpec.from_lines([*OWN_FILES, *apart]))
    except PermissionError as refused:
        raise BadInput(
            f"{refused.filename} cannot be read",
            remedy="make it readable, or name it in .mainstayignore",
            code="source-unreadable",
        ) from None


def _told(path: Path, root: Path) -> tuple[bytes, bytes]:
    if path.is_symlink():
        _stays_inside(path, root)
        return b"link", os.fsencode(os.readlink(path))
    if path.is_dir():
        return b"folder", b""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest().encode()
    return (b"program" if path.stat().st_mode & stat.S_IXUSR else b"file"), digest


def _stays_inside(link: Path, root: Path) -> None:
    leads_to = os.readlink(link)
    try:
        inside = not os.path.isabs(leads_to) and link.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):  # a link that leads to itself
        inside = False
    if not inside:
        raise BadInput(
            f"{link} leads outside of {root}, to {leads_to}",
            remedy="copy what it leads to into the folder, or name the link in .mainstayignore",
            code="link-leads-outside",
        )


def _rules_of(folder: Path) -> _Rules | None:
    lines: list[str] = []
    for name in IGNORE_FILES:
        place = folder / name
        if place.is_file():
            lines += place.read_text(errors="replace").splitlines()
    return _Rules(folder, GitIgnoreSpec.from_lines(lines)) if lines else None


def _rules_above(root: Path) -> list[_Rules]:
    """What the ignore files between the top of the repository and *root* say: git honours them too."""
    for depth, folder in enumerate([root, *root.parents]):
        if (folder / ".git").exists():
            above = [*reversed(root.parents[:depth])]
            return [rules for rules in map(_rules_of, above) if rules]
    return []


def _ignored(path: Path, is_folder: bool, rules: Iterable[_Rules]) -> bool | None:
    """Return what the nearest ignore file that names *path* decides; None where none does."""
    for each in reversed([*rules]):
        name = path.relative_to(each.folder).as_posix() + ("/" if is_folder else "")
        opinion = each.spec.check_file(name).include
        if opinion is not None:
            return opinion
    return None


def _copy_file(path: Path, to: Path) -> None:
    with open(path, "rb") as source, open(to, "xb") as target:
        try:
            while os.copy_file_range(source.fileno(), target.fileno(), 1 << 30):
                pass
        except OSError as cannot:
            if cannot.errno not in {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}:
                raise
            shutil.copyfileobj(source, target)
        executable = os.fstat(source.fileno()).st_mode & stat.S_IXUSR
        os.fchmod(target.fileno(), 0o755 if executable else 0o644)


def _everything(folder: Path) -> Iterator[Path]:
    yield folder
    for place, folders, files in os.walk(folder):
        yield from (Path(place) / name for name in [*folders, *files])
