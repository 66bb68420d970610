"""Artifacts on this machine: copied, built, checked and sealed, even after an interruption."""

import dataclasses
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.drivers.world import RunWorld
from mainstay.errors import StepFailed
from mainstay.model import Job, SecretRef, Source, SourceTree
from mainstay.steps.fetch_artifact import FetchArtifact
from mainstay.steps.step import Look
from mainstay.system import file_tree
from mainstay.system.command import Shell
from tests.fakes.clock import TurnableClock
from tests.fakes.files import TargetWithFiles, host_of
from tests.fakes.world import fake_world


class Builder:
    """Replaces the builds: writes a program into the folder, and returns `code`."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.code = 0
        self.mode = 0o777

    def __call__(self, job: Job) -> int:
        self.jobs.append(job)
        program = Path(job.folder) / "program"
        if not self.code:
            program.write_text("#!/bin/sh\n")
            program.chmod(self.mode)
        return self.code


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "app.py").write_text("print(1)")
    (folder / ".gitignore").write_text("*.log\n")
    (folder / "x.log").write_text("x")
    return folder


@pytest.fixture
def builder() -> Builder:
    return Builder()


@pytest.fixture
def target(builder: Builder) -> TargetWithFiles:
    found = TargetWithFiles(TurnableClock(), job_takes_s=2)
    found.perform = builder
    found.start()
    return found


@pytest.fixture
def world(target: TargetWithFiles, tmp_path: Path) -> RunWorld:
    assert isinstance(target.clock, TurnableClock)
    found = fake_world(tmp_path, target=target, clock=target.clock)
    target.host = host_of(found)
    return found


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach, unlike that of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def step_for(source: Path, *build: tuple[str, ...], **fields: object) -> FetchArtifact:
    """Return the step that fetches the tree of *source*, with further *fields* of the tree."""
    found = file_tree.measure(source)
    key = file_tree.key(found.digest, build, "/usr/bin")
    tree = SourceTree(
        key, found.digest, Source(str(source)), build, path="/usr/bin", files=found.files, left_out=found.left_out
    )
    return FetchArtifact(artifact=replace(tree, **fields), what=("web",), job="p1-build")


def content_of(step: FetchArtifact, world: RunWorld) -> Path:
    return world.folders.content(step.artifact.key)


def damage(step: FetchArtifact, world: RunWorld) -> Path:
    """Remove a file of the source from the complete content, and return the content."""
    content = content_of(step, world)
    content.chmod(0o755)
    (content / "app.py").unlink()
    return content


def start_and_time_out(step: FetchArtifact, world: RunWorld) -> None:
    """Start the build and stop waiting for it."""
    assert isinstance(step.artifact, SourceTree)
    with pytest.raises(StepFailed):
        replace(step, artifact=replace(step.artifact, build_within_s=1)).do(world)


def test_an_artifact_without_a_build_is_a_sealed_copy(source: Path, world: RunWorld) -> None:
    step = step_for(source)
    assert step.title == "Copy web (2 files)"
    assert step.do(world) == "2 files copied, 1 left out"
    content = content_of(step, world)
    assert {path.name for path in content.iterdir()} == {"app.py", ".gitignore"}
    assert world.folders.content_done(step.artifact.key).exists()
    assert content.stat().st_mode & 0o022 == 0


def test_a_build_runs_its_commands_in_order_in_the_content(source: Path, world: RunWorld, builder: Builder) -> None:
    step = step_for(source, ("make",), ("make", "check"), check=("./program",))
    assert step.do(world) == "2 files copied and built, 1 left out"
    assert [job.command for job in builder.jobs] == [("make",), ("make", "check")]
    assert [job.id for job in builder.jobs] == ["p1-build-1-1", "p1-build-1-2"]
    content = content_of(step, world)
    assert {job.folder for job in builder.jobs} == {str(content)}
    assert (content / "program").stat().st_mode & 0o022 == 0


def test_complete_content_is_not_prepared_again(source: Path, world: RunWorld, builder: Builder) -> None:
    step = step_for(source, ("make",))
    step.do(world)
    (source / "app.py").write_text("print(2)")
    assert step.do(world) == "already there (2 files, 1 left out)"
    assert len(builder.jobs) == 1


def test_a_source_that_changed_after_the_plan_is_refused(source: Path, world: RunWorld) -> None:
    step = step_for(source, ("make",))
    (source / "app.py").write_text("print(2)")
    with pytest.raises(StepFailed, match="has changed since the plan was made"):
        step.do(world)
    assert step.look(world) is Look.ABSENT


def test_a_failed_build_is_reported_with_its_exit_code(source: Path, world: RunWorld, builder: Builder) -> None:
    builder.code = 2
    with pytest.raises(StepFailed, match="“Build web: make” ended with 2"):
        step_for(source, ("make",)).do(world)


@pytest.mark.failure("F19")
def test_a_build_with_an_unknown_outcome_is_repeated_in_an_empty_folder(
    source: Path, world: RunWorld, target: TargetWithFiles, builder: Builder
) -> None:
    step = step_for(source, ("make",))
    target.job_takes_s = 1000
    start_and_time_out(step, world)
    content = content_of(step, world)
    (content / "half").write_text("x")
    target.lose_jobs()
    target.job_takes_s = 2
    assert step.look(world) is Look.PARTIAL
    step.do(world)
    assert not (content / "half").exists()
    assert builder.jobs[-1].id == "p1-build-2-1"


def test_a_running_build_is_awaited_and_not_started_again(
    source: Path, world: RunWorld, target: TargetWithFiles, builder: Builder
) -> None:
    step = step_for(source, ("make",))
    target.job_takes_s = 20
    start_and_time_out(step, world)
    assert step.do(world) == "2 files copied and built, 1 left out"
    assert len(builder.jobs) == 1


@pytest.mark.parametrize("left", ["KEY.copy", "KEY"], ids=["half of a copy", "half of a build by another run"])
def test_incomplete_content_is_prepared_again(left: str, source: Path, world: RunWorld) -> None:
    step = step_for(source)
    content = world.folders.contents / left.replace("KEY", step.artifact.key)
    content.mkdir(parents=True)
    (content / "rest").write_text("x")
    assert step.look(world) is Look.PARTIAL
    step.do(world)
    assert not (content_of(step, world) / "rest").exists()
    assert not content.with_suffix(".copy").exists() or left == "KEY"


def test_undo_stops_the_build_and_removes_incomplete_content(
    source: Path, world: RunWorld, target: TargetWithFiles
) -> None:
    step = step_for(source, ("make",))
    target.job_takes_s = 1000
    start_and_time_out(step, world)
    assert step.undo(world) == "removed"
    assert target.job_state("p1-build-1-1").code == 143
    assert not content_of(step, world).exists()
    assert step.undo(world) == "removed"


def test_undo_keeps_complete_content(source: Path, world: RunWorld) -> None:
    step = step_for(source)
    step.do(world)
    assert step.undo(world) == "kept for the next deploy"
    assert step.look(world) is Look.PRESENT


def test_a_missing_command_is_refused_before_anything_runs(source: Path, world: RunWorld) -> None:
    with pytest.raises(StepFailed, match=r"the command \.venv/bin/python is not in the service's folder"):
        step_for(source, check=(".venv/bin/python",)).do(world)
    with pytest.raises(StepFailed, match=r"no-such-program is not on the release's PATH \(/usr/bin\)"):
        step_for(source, check=("no-such-program",)).do(world)


SCRIPT = "#!/bin/sh\nexec sleep 60\n"


@pytest.mark.parametrize(
    ("text", "mode", "what", "remedy"),
    [
        (SCRIPT, 0o644, "run.sh is not executable", "chmod +x run.sh"),
        (
            SCRIPT.replace("\n", "\r\n"),
            0o755,
            "run.sh has CRLF line endings, so the kernel looks for the program '/bin/sh\\r'",
            r"sed -i 's/\r$//' run.sh",
        ),
        (
            "#!/usr/bin/bash5 -e\n",
            0o755,
            "run.sh begins with #!/usr/bin/bash5 -e, but there is no /usr/bin/bash5",
            "correct the first line of run.sh, or install /usr/bin/bash5",
        ),
        (
            "#!/usr/bin/env -S A=1 no-such-language -x\n",
            0o755,
            (
                "run.sh begins with #!/usr/bin/env -S A=1 no-such-language -x, "
                "but no-such-language is not on the release's PATH (/usr/bin)"
            ),
            "correct the first line of run.sh, or install no-such-language",
        ),
    ],
    ids=["no executable bit", "CRLF line endings", "a missing interpreter", "a missing program behind env"],
)
@pytest.mark.parametrize("build", [False, True], ids=["as the command", "as a build"])
def test_a_script_that_cannot_run_is_refused_with_the_file_to_correct(
    text: str, mode: int, what: str, remedy: str, build: bool,
    source: Path, world: RunWorld, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("PATH", "")
    monkeypatch.chdir(source)
    (source / "run.sh").write_bytes(text.encode())
    (source / "run.sh").chmod(mode)
    step = step_for(source, ("./run.sh",)) if build else step_for(source, check=("./run.sh",))
    with pytest.raises(StepFailed) as refused:
        step.do(world)
    assert (refused.value.what, refused.value.remedy) == (what, remedy)


def test_a_script_of_another_folder_is_named_by_its_full_path(source: Path, world: RunWorld) -> None:
    (source / "run.sh").write_text(SCRIPT)
    with pytest.raises(StepFailed) as refused:
        step_for(source, check=("./run.sh",)).do(world)
    assert refused.value.remedy == f"chmod +x {source}/run.sh"


def test_a_program_that_the_build_made_is_named_as_such(source: Path, world: RunWorld, builder: Builder) -> None:
    builder.mode = 0o600
    with pytest.raises(StepFailed, match="program is not executable") as refused:
        step_for(source, ("make",), check=("./program",)).do(world)
    assert refused.value.remedy == "correct program, or the `build` that makes it"


@pytest.mark.parametrize("text", [SCRIPT, "#! /bin/sh -e\n", "#!/usr/bin/env -S A=1 sh -e\n", "#!\n", "\x7fELF"])
def test_a_script_with_its_interpreter_is_accepted(text: str, source: Path, world: RunWorld) -> None:
    (source / "run.sh").write_text(text)
    (source / "run.sh").chmod(0o755)
    step = step_for(source, check=("./run.sh",))
    step.do(world)
    assert step.look(world) is Look.PRESENT


def test_a_command_found_only_by_the_shell_is_refused_with_a_remedy(
    source: Path, world: RunWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "shims" / "my-tool"
    tool.parent.mkdir()
    tool.symlink_to("/usr/bin/env")
    monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin")
    with pytest.raises(StepFailed, match=f"this shell finds {tool}, but the shell's PATH is not part") as refused:
        step_for(source, check=("my-tool",)).do(world)
    assert f"write {tool} in `command`" in refused.value.remedy
    assert f'PATH: {{default: "{tool.parent}:/usr/bin"}}' in refused.value.remedy


def test_a_relative_entry_of_path_is_relative_to_the_service(source: Path, world: RunWorld) -> None:
    (source / "bin").mkdir()
    (source / "bin" / "tool").write_text("#!/bin/sh")
    (source / "bin" / "tool").chmod(0o755)
    step = step_for(source, check=("tool",), path="bin:/usr/bin")
    step.do(world)
    assert step.look(world) is Look.PRESENT


def test_the_path_of_a_build_has_the_interpreter_then_the_release_then_the_shell(
    source: Path, world: RunWorld, builder: Builder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    python = tmp_path / "a folder" / "python3.12"
    python.parent.mkdir()
    python.symlink_to("/bin/echo")
    monkeypatch.setenv("PATH", "/opt/tools:/usr/bin:.:")
    monkeypatch.setenv("UV_PYTHON", "/opt/tools/python3")
    step_for(source, ("make",), python=str(python)).do(world)
    first, _, rest = str(builder.jobs[0].environment["PATH"]).partition(":")
    assert rest == "/usr/bin:/opt/tools"
    assert {path.name for path in Path(first).iterdir()} == {"python", "python3"}
    for name in ("python", "python3"):
        found = subprocess.run([f"{first}/{name}", "a  b"], capture_output=True, text=True, check=True)
        assert found.stdout == "a  b\n"
    assert "UV_PYTHON" not in builder.jobs[0].environment


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run as another user")
@pytest.mark.parametrize("closed", ["programs", "behind"], ids=["on the way", "behind a link"])
def test_a_closed_folder_on_the_way_to_a_program_is_named(closed: str, source: Path, open_folder: Path) -> None:
    target = TargetWithFiles(TurnableClock())
    world = dataclasses.replace(fake_world(open_folder, target=target), shell=Shell())
    target.host = host_of(world)
    for name in ("programs", "behind"):
        (open_folder / name).mkdir()
    (open_folder / "behind" / "tool").symlink_to("/usr/bin/env")
    (open_folder / "programs" / "tool").symlink_to("../behind/tool")
    step = step_for(source, check=(str(open_folder / "programs" / "tool"),), user="nobody")
    step.do(world)
    (open_folder / closed).chmod(0o700)
    with pytest.raises(StepFailed, match=f"nobody cannot reach .*: the permissions of .*/{closed} do not allow it"):
        step.do(world)


def test_settings_of_the_operators_shell_are_sealed_for_builds(
    source: Path, world: RunWorld, builder: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://name:password@index.example")
    monkeypatch.setenv("UV_CACHE_DIR", "/somewhere")
    step_for(source, ("make",), reads=("UV_LINK_MODE=copy",)).do(world)
    found = builder.jobs[0].environment
    assert found["PIP_INDEX_URL"] == SecretRef("build.PIP_INDEX_URL", 1)
    assert found["UV_LINK_MODE"] == "copy"
    assert "UV_CACHE_DIR" not in found


def test_a_damaged_file_of_the_source_is_restored_without_a_build(
    source: Path, world: RunWorld, builder: Builder
) -> None:
    step = step_for(source, ("make",))
    step.do(world)
    inode = (content_of(step, world) / "program").stat().st_ino
    content = damage(step, world)
    assert step.look(world) is Look.PARTIAL
    assert step.do(world) == "2 files checked; 1 file damaged (app.py), restored from the source, 1 left out"
    assert (content / "app.py").read_text() == "print(1)"
    assert (content / "program").stat().st_ino == inode
    assert (content / "app.py").stat().st_mode & 0o022 == 0
    assert len(builder.jobs) == 1
    assert step.look(world) is Look.PRESENT
    assert step.do(world) == "already there (2 files, 1 left out)"


def test_a_damaged_file_that_the_build_made_is_built_again(source: Path, world: RunWorld, builder: Builder) -> None:
    step = step_for(source, ("make",))
    step.do(world)
    program = content_of(step, world) / "program"
    program.chmod(0o755)
    program.write_text("damaged")
    again = replace(step, job="p2-build")
    assert again.do(world) == "2 files copied and built again, because they were damaged, 1 left out"
    assert program.read_text() != "damaged"
    assert [job.id for job in builder.jobs] == ["p1-build-1-1", "p2-build-1-1"]


def test_damaged_content_is_kept_when_the_source_has_changed(source: Path, world: RunWorld) -> None:
    step = step_for(source)
    step.do(world)
    damage(step, world)
    (source / "app.py").write_text("print(2)")
    with pytest.raises(StepFailed, match="has changed since the plan was made"):
        step.do(world)
    assert step.undo(world) == "kept for the next deploy"


def test_added_files_do_not_count_as_damage(source: Path, world: RunWorld) -> None:
    step = step_for(source)
    step.do(world)
    content = content_of(step, world)
    content.chmod(0o755)
    (content / "cache").mkdir()
    (content / "cache" / "x").write_text("x")
    assert step.look(world) is Look.PRESENT
