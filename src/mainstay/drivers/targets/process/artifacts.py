"""Prepare source trees on this machine: copy, build and seal them in `content/KEY`; `KEY.done` marks complete ones."""

from dataclasses import dataclass
from pathlib import Path

from mainstay.drivers.targets.preparation import Presence
from mainstay.drivers.targets.process import source_tree
from mainstay.drivers.targets.process.access import require_access
from mainstay.drivers.targets.process.builds import Build
from mainstay.drivers.targets.process.host import Host
from mainstay.drivers.targets.process.programs import install_python, install_uv
from mainstay.drivers.targets.target import RunTarget
from mainstay.errors import StepFailed
from mainstay.model import SourceTree
from mainstay.system import file_tree, sealed_tree
from mainstay.system.atomic_file import atomic_write, move
from mainstay.system.linux_calls import sync_contents
from mainstay.system.users import ensure
from mainstay.text.plural import counted


@dataclass(frozen=True, slots=True)
class Content:
    """The files of one source tree on this machine, and their build."""

    host: Host
    tree: SourceTree
    build: Build

    def prepare(self, run: RunTarget) -> str:
        """Copy, build and seal the files unless they are complete. Return a description of what was done.

        Raises StepFailed when the source has changed since the plan was made, when the build fails, and when the
        services' user cannot run their programs.
        """
        if self.tree.user:
            ensure(self.tree.user, self.host.shell, self.host.clock.pause)
        install_uv(self.tree, self.host)
        done, damage = self._done.exists(), self._damage()
        if done and not damage:
            require_access(self.tree, self.host)
            return f"already there ({self._files}{self._left_out})"
        install_python(self.tree, self.host)
        how = self._repair(damage) if done else ""
        if not how:
            self.build.run(run, self._copy)
        sealed_tree.seal(self._folder)
        require_access(self.tree, self.host)
        # Without this sync, the mark could declare files complete that are empty after a power cut.
        sync_contents(self._folder)
        atomic_write(self._done, sealed_tree.inventory(self._folder))
        return f"{self._files} {how or self._made(again=bool(damage))}{self._left_out}"

    def prepared(self) -> Presence:
        """Return how much of the content is present; `partial`: not complete, or damaged."""
        if self._done.exists():
            return "partial" if self._damage() else "present"
        return "partial" if self._folder.exists() or self._part.exists() or self.build.was_started(1) else "absent"

    def discard(self, run: RunTarget) -> str:
        """Stop the build and remove incomplete files. Return a description of what was done."""
        self.build.stop(run)
        sealed_tree.remove(self._part)
        if self._done.exists():
            # Complete content does no harm, and an earlier release may use the same content.
            return "kept for the next deploy"
        sealed_tree.remove(self._folder)
        return "removed"

    def _damage(self) -> tuple[str, ...]:
        return damage(self.host, self.tree.key)

    def _repair(self, damaged: tuple[str, ...]) -> str:
        """Restore the damaged files from the source if all are copies of source files. Return what was done.

        Return an empty string if the content must be built again; it is then removed. The mark is removed only after
        the source was found unchanged: without the mark, `discard` removes the content.
        """
        self._copy_apart()
        self._done.unlink()
        restored = sealed_tree.restore(self._folder, self._part, damaged)
        sealed_tree.remove(self._part)
        if not restored:
            sealed_tree.remove(self._folder)
            return ""
        return f"checked; {counted(len(damaged), 'file')} damaged ({damaged[0]}), restored from the source"

    def _made(self, *, again: bool) -> str:
        made = "copied and built" if self.tree.build else "copied"
        return f"{made} again, because they were damaged" if again else made

    def _copy(self) -> None:
        """Put a fresh copy of the source in place of the content, unless the content already equals the source."""
        if self._folder.exists() and file_tree.measure(self._folder, ignoring=False).digest == self.tree.digest:
            return
        sealed_tree.remove(self._folder)
        self._copy_apart()
        move(self._part, self._folder)

    def _copy_apart(self) -> None:
        """Copy the source beside the content. Raises StepFailed when it has changed since the plan was made."""
        sealed_tree.remove(self._part)
        try:
            source_tree.copy(self.tree.source, self._part, self.host.shell)
        except OSError:
            sealed_tree.remove(self._part)  # On a full disk the journal needs this room to record the failure.
            raise
        if file_tree.measure(self._part, ignoring=False).digest != self.tree.digest:
            sealed_tree.remove(self._part)
            raise StepFailed(
                f"{self.tree.source} has changed since the plan was made; nothing was done", remedy="mainstay deploy"
            )

    @property
    def _folder(self) -> Path:
        return self.host.folders.content(self.tree.key)

    @property
    def _done(self) -> Path:
        return self.host.folders.content_done(self.tree.key)

    @property
    def _part(self) -> Path:
        return self.host.folders.contents / f"{self.tree.key}.copy"

    @property
    def _left_out(self) -> str:
        return f", {self.tree.left_out} left out" if self.tree.left_out else ""

    @property
    def _files(self) -> str:
        return counted(self.tree.files, "file")


def damage(host: Host, key: str) -> tuple[str, ...]:
    """Return the files of the content *key* that are missing or changed; none if it was never complete."""
    try:
        kept = host.folders.content_done(key).read_bytes()
    except FileNotFoundError:
        return ()
    return sealed_tree.damaged(host.folders.content(key), kept)
