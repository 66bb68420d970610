"""Compute the digest of a folder tree, and copy it: names, contents, executable bits, links and empty folders."""

import errno
import hashlib
import os
import platform
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from pathspec import GitIgnoreSpec

from mainstay.errors import BadInput
from mainstay.system.folder_content import Measured

IGNORE_FILES = (".gitignore", ".mainstayignore")
"""Ignore files in the order in which they apply: a later one may include again what an earlier one excludes."""

OWN_FILES = (".mainstayignore",)
"""Patterns of files that only Mainstay reads, so they are not copied; a source adds more patterns (`Source.apart`)."""


_Rules = list[tuple[Path, GitIgnoreSpec]]
"""The patterns of ignore files, each with the folder below which they apply; the deepest folder is last."""


@dataclass(slots=True)
class _Walk:
    """The files found in one walk through a folder, and the number of entries excluded."""

    root: Path
    ignoring: bool
    own: GitIgnoreSpec
    """Patterns of files that are excluded without being counted, unless an ignore file includes them."""
    left_out: int = 0
    found: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.found.extend(self._below(self.root, _rules_above(self.root) if self.ignoring else []))

    def _below(self, folder: Path, rules: _Rules) -> Iterator[Path]:
        rules = rules + _rules_of(folder) if self.ignoring else []
        for entry in sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name)):
            path, is_folder = Path(entry.path), entry.is_dir(follow_symlinks=False)
            if self.ignoring and entry.name == ".git":
                continue
            whole = is_folder or entry.is_symlink() or entry.is_file(follow_symlinks=False)
            ignored = _ignored(path, is_folder, rules)
            if self.ignoring and ignored is None and self.own.match_file(path.relative_to(self.root).as_posix()):
                continue
            if ignored or not whole:
                self.left_out += 1
                continue
            yield path
            if is_folder:
                yield from self._below(path, rules)


def measure(folder: Path, *, ignoring: bool = True, apart: Sequence[str] = ()) -> Measured:
    """Return the digest of *folder* and the numbers of its files and of its excluded entries.

    With *ignoring*, `.git`, what the ignore files exclude, and files that match OWN_FILES or *apart* are left out.
    Sockets, pipes and devices are always left out.

    Raises BadInput when the folder does not exist, cannot be read, or contains a link that points outside.
    """
    walk = _walk(folder, ignoring, apart)
    total, files = hashlib.sha256(), 0
    for path in walk.found:
        with _refusing_unreadable():
            kind, description = _described(path, walk.root)
        name = os.fsencode(path.relative_to(walk.root))
        total.update(b"%s %d %s %s\n" % (kind, len(name), name, description))
        if kind in {b"file", b"program"}:
            files += 1
    return Measured(total.hexdigest(), files, walk.left_out)


def copy(folder: Path, to: Path, *, ignoring: bool = True, apart: Sequence[str] = ()) -> None:
    """Copy what `measure` includes in its digest to the new folder *to*; share blocks if the file system can.

    Raises BadInput as `measure` does.
    """
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
            with _refusing_unreadable():
                _copy_file(path, target)


def key(digest: str, build: Sequence[Sequence[str]], path: str) -> str:
    """Return the key of built content: a hash of its files' *digest*, build commands, PATH and machine architecture."""
    parts = msgspec.json.encode([digest, build, path, platform.machine()])
    return hashlib.sha256(parts).hexdigest()[:24]


def remove_own(folder: Path, apart: Sequence[str]) -> None:
    """Remove the files that only Mainstay reads (OWN_FILES and *apart*) from *folder*.

    Files that its `.mainstayignore` includes again are kept.
    """
    included = [line for line in _lines(folder / ".mainstayignore") if line.startswith("!")]
    own = GitIgnoreSpec.from_lines([*OWN_FILES, *apart, *included])
    for place, _, files in os.walk(folder):
        for path in (Path(place, name) for name in files):
            if own.match_file(path.relative_to(folder).as_posix()):
                path.unlink()


def _walk(folder: Path, ignoring: bool, apart: Sequence[str]) -> _Walk:
    if not folder.is_dir():
        raise BadInput(
            f"{folder} is not a folder", remedy="name a folder that exists as `source`", code="source-missing"
        )
    with _refusing_unreadable():
        return _Walk(folder.absolute(), ignoring, GitIgnoreSpec.from_lines([*OWN_FILES, *apart]))


@contextmanager
def _refusing_unreadable() -> Iterator[None]:
    """Raise BadInput, naming the file, when the body has no permission to read a file."""
    try:
        yield
    except PermissionError as refused:
        raise BadInput(
            f"{refused.filename} cannot be read",
            remedy="make it readable, or name it in .mainstayignore",
            code="source-unreadable",
        ) from None


def _described(path: Path, root: Path) -> tuple[bytes, bytes]:
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
    except (OSError, RuntimeError):  # The link points to itself.
        inside = False
    if not inside:
        raise BadInput(
            f"{link} points outside {root}, to {leads_to}",
            remedy="copy what it points to into the folder, or name the link in .mainstayignore",
            code="link-leads-outside",
        )


def _rules_of(folder: Path) -> _Rules:
    lines = [line for name in IGNORE_FILES for line in _lines(folder / name)]
    return [(folder, GitIgnoreSpec.from_lines(lines))] if lines else []


def _lines(file: Path) -> list[str]:
    return file.read_text(errors="replace").splitlines() if file.is_file() else []


def _rules_above(root: Path) -> _Rules:
    """Return the rules of the ignore files between the repository's top and *root*, which git applies too."""
    for depth, folder in enumerate([root, *root.parents]):
        if (folder / ".git").exists():
            return [rules for above in reversed(root.parents[:depth]) for rules in _rules_of(above)]
    return []


def _ignored(path: Path, is_folder: bool, rules: _Rules) -> bool | None:
    """Return whether the nearest ignore file that matches *path* excludes it; None if none matches."""
    for folder, spec in reversed(rules):
        name = path.relative_to(folder).as_posix() + ("/" if is_folder else "")
        opinion = spec.check_file(name).include
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
