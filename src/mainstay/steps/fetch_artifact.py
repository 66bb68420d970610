"""Fetch: copy and build content before the run changes anything that is live."""

from itertools import count
from pathlib import Path

from mainstay.drivers.targets import source_tree
from mainstay.drivers.world import RunWorld, World
from mainstay.errors import StepFailed
from mainstay.model import Content, Job
from mainstay.steps.step import Look, Step
from mainstay.steps.support import jobs
from mainstay.steps.support.build import bring_python, bring_user, bring_uv, build_environment, build_path, reach
from mainstay.steps.support.scripts import refuse_unrunnable
from mainstay.system import file_tree as content
from mainstay.system.atomic_file import atomic_write, move
from mainstay.system.processes import sync_contents
from mainstay.system.users import identity
from mainstay.text.plural import counted


class Fetch(Step, frozen=True, kw_only=True, tag="fetch"):
    """Build and seal the content at `content/KEY`, marked complete by `KEY.done`; `what` names what runs in it."""

    content: Content
    what: tuple[str, ...]
    job: str
    kept: bool = False
    """Whether the built content existed when the plan was made."""
    repairs: bool = False
    """Whether the content belongs to a service that does not change, and was damaged when the plan was made."""

    @property
    def timed_as(self) -> str:
        # Builds are timed per service, because the duration of copies does not predict that of a build.
        return f"build {', '.join(self.what)}" if self.content.build and not self.kept else self.kind

    @property
    def title(self) -> str:
        if self.repairs:
            return f"Repair the content of {', '.join(self.what)} ({self._files})"
        verb = "Reuse" if self.kept else "Copy and build" if self.content.build else "Copy"
        return f"{verb} {', '.join(self.what)} ({self._files})"

    def do(self, world: RunWorld) -> str:
        done = world.folders.content_done(self.content.key)
        bring_user(self.content.user, world)
        bring_uv(self.content, world)
        damage = self._damage(world)
        if done.exists() and not damage:
            reach(self.content, world)
            return f"already there ({self._files}{self._left_out})"
        bring_python(self.content, world)
        how = self._repair(world, damage) if done.exists() else ""
        if not how:
            self._build(world)
        content.seal(self._folder(world))
        reach(self.content, world)
        # Without this sync, the mark could declare files complete that are empty after a power cut.
        sync_contents(self._folder(world))
        atomic_write(done, content.inventory(self._folder(world)))
        return f"{self._files} {how or self._made(again=bool(damage))}{self._left_out}"

    def look(self, world: World) -> Look:
        if world.folders.content_done(self.content.key).exists():
            return Look.PARTIAL if self._damage(world) else Look.PRESENT
        begun = self._folder(world).exists() or self._part(world).exists() or self._begun(world, 1)
        return Look.PARTIAL if begun else Look.ABSENT

    def undo(self, world: RunWorld) -> str:
        for attempt in range(1, self._attempt(world) + 1):
            for name in self._jobs(attempt):
                if jobs.known(world, name):
                    world.target.stop_job(name)
        content.remove(self._part(world))
        if world.folders.content_done(self.content.key).exists():
            # Complete content does no harm, and an earlier release may use the same content.
            return "kept for the next deploy"
        content.remove(self._folder(world))
        return "removed"

    def _damage(self, world: World) -> tuple[str, ...]:
        """Return the files missing or changed in complete content; empty if none are, or if it never was complete."""
        try:
            kept = world.folders.content_done(self.content.key).read_bytes()
        except FileNotFoundError:
            return ()
        return content.damaged(self._folder(world), kept)

    def _repair(self, world: World, damage: tuple[str, ...]) -> str:
        """Restore the damaged files if all were copied. Return what was done; empty: the content must be made again.

        The mark is removed only once the source was found unchanged: without the mark, an undo removes the content.
        """
        self._copy_apart(world)
        world.folders.content_done(self.content.key).unlink()
        restored = content.restore(self._folder(world), self._part(world), damage)
        content.remove(self._part(world))
        if not restored:
            content.remove(self._folder(world))
            return ""
        return f"checked; {counted(len(damage), 'file')} damaged ({damage[0]}), restored from the source"

    def _made(self, *, again: bool) -> str:
        made = "copied and built" if self.content.build else "copied"
        return f"{made} again, because they were damaged" if again else made

    def _build(self, world: RunWorld) -> None:
        for _ in range(jobs.TRIES):
            attempt = self._attempt(world)
            if not self._begun(world, attempt):
                self._copy(world)
            if all(self._run(world, attempt, number) for number in range(len(self.content.build))):
                return
        what = f"the outcome of the build of {', '.join(self.what)} is unknown: its job was lost {jobs.TRIES} times"
        raise StepFailed(what, remedy="mainstay deploy")

    def _copy(self, world: World) -> None:
        folder, part = self._folder(world), self._part(world)
        if folder.exists() and content.measure(folder, ignoring=False).digest == self.content.digest:
            return
        content.remove(folder)
        self._copy_apart(world)
        move(part, folder)

    def _copy_apart(self, world: World) -> None:
        """Copy the source beside the content. Raises StepFailed where it has changed since the plan was made."""
        part = self._part(world)
        content.remove(part)
        try:
            source_tree.copy(self.content.source, part, world.shell)
        except OSError:
            content.remove(part)  # On a full disk the journal needs this room to record the failure.
            raise
        if content.measure(part, ignoring=False).digest != self.content.digest:
            content.remove(part)
            raise StepFailed(
                f"{self.content.source} has changed since the plan was made; nothing was done", remedy="mainstay deploy"
            )

    def _run(self, world: RunWorld, attempt: int, number: int) -> bool:
        """Run command *number* of the build. Return True when it has succeeded, False when its outcome is unknown."""
        user = self.content.user
        command = self.content.build[number]
        if "/" in command[0]:
            folder = self._folder(world)
            refuse_unrunnable(folder / command[0], folder, self.content.source, build_path(self.content, world))
        if user and number == 0 and not self._begun(world, attempt):
            content.give(self._folder(world), identity(user).uid, identity(user).gid)
        job = Job(
            id=self._jobs(attempt)[number],
            title=f"Build {', '.join(self.what)}: {' '.join(command)}",
            command=command,
            folder=str(self._folder(world)),
            environment=build_environment(self.content, world),
            user=user,
            within_s=self.content.build_within_s,
        )
        return jobs.finish(world, job, remedy="fix the build, then mainstay deploy").state == "ended"

    def _attempt(self, world: World) -> int:
        """Return the number of the current attempt, from 1.

        After an attempt with an unknown outcome, the next one starts from an empty folder.
        """
        for attempt in count(1):
            states = [world.target.job_state(name).state for name in self._jobs(attempt)]
            if "lost" not in states:
                return attempt
        raise AssertionError("count() ends nowhere")

    def _jobs(self, attempt: int) -> list[str]:
        return [f"{self.job}-{attempt}-{number}" for number in range(1, len(self.content.build) + 1)]

    def _begun(self, world: World, attempt: int) -> bool:
        return any(jobs.known(world, name) for name in self._jobs(attempt))

    def _folder(self, world: World) -> Path:
        return world.folders.content(self.content.key)

    def _part(self, world: World) -> Path:
        return world.folders.contents / f"{self.content.key}.copy"

    @property
    def _left_out(self) -> str:
        return f", {self.content.left_out} left out" if self.content.left_out else ""

    @property
    def _files(self) -> str:
        return counted(self.content.files, "file")
