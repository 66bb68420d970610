"""The renewer starts requests when they are due, with a fake clock and a program in place of the real one."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from mainstay.drivers.edge.acme import renewer
from mainstay.drivers.edge.acme.attempt import Attempt
from mainstay.drivers.edge.acme.obtained import Obtained, keep_obtained
from mainstay.drivers.edge.acme.renewal import Failure
from mainstay.drivers.edge.acme.renewer import TASK, CertificateRenewer
from mainstay.drivers.edge.haproxy.authority import issue, make_authority
from mainstay.model import Edge, Route
from mainstay.model.acme import Acme
from mainstay.model.tls import Tls
from mainstay.system.background_tasks import BackgroundTasks
from mainstay.system.state_dir import Folders, create_folders

DAY = 86400.0
EDGE = Edge(
    https=443, tls=Tls("acme", acme=Acme("https://ca.example/dir")), routes=(Route("/", "web", host="shop.example"),)
)


@dataclass
class Trial:
    """A renewer with a clock that a test sets, whose requests run `program`."""

    folders: Folders
    program: Path
    now: float = 1e9
    tasks: BackgroundTasks = field(default_factory=lambda: BackgroundTasks(lambda: None))

    def __post_init__(self) -> None:
        self.renewer = self.opened()

    def opened(self) -> CertificateRenewer:
        """Return the renewer as a restarted supervisor opens it."""
        return CertificateRenewer(self.folders, self.tasks, now=lambda: self.now)

    @property
    def runs(self) -> list[Attempt]:
        """The attempts that the program got."""
        notes = self.program.with_name("runs")
        lines = notes.read_bytes().splitlines() if notes.exists() else []
        return [msgspec.json.decode(line, type=Attempt) for line in lines]

    def reply(self, failure: Failure | None) -> None:
        """Let the next requests end with *failure*."""
        self.program.with_name("reply").write_bytes(msgspec.json.encode(failure))

    async def tick(self, edge: Edge | None = EDGE, *, serves: bool = True) -> int:
        """Tick, and wait for the request if one starts. Return how many requests there were until now."""
        self.renewer.tick(edge, serves=serves)
        await self.idle()
        return len(self.runs)

    async def idle(self) -> None:
        async with asyncio.timeout(20):
            while self.tasks.has(TASK):
                await asyncio.sleep(0.01)
        self.tasks.raise_failure()

    def obtain(self) -> None:
        """Keep a certificate of 90 days that begins now by the real clock, and set the clock to that."""
        make_authority(self.folders)
        keep_obtained(
            self.folders.obtained, Obtained("https://ca.example/dir", issue(self.folders, ("shop.example",)).decode())
        )


PROGRAM = """
import pathlib, sys, time
here = pathlib.Path(__file__)
with here.with_name("runs").open("ab") as notes:
    notes.write(sys.stdin.buffer.read() + b"\\n")
while here.with_name("wait").exists():
    time.sleep(0.01)
sys.stdout.write(here.with_name("reply").read_text())
"""


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trial:
    folders = Folders(tmp_path / "state", tmp_path / "keys")
    create_folders(folders)
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    monkeypatch.setattr(renewer, "COMMAND", (sys.executable, "-I", str(program)))
    trial = Trial(folders, program)
    trial.reply(None)
    return trial


async def test_a_certificate_is_requested_once_the_edge_serves(trial: Trial) -> None:
    assert await trial.tick(serves=False) == 0
    assert await trial.tick() == 1
    (attempt,) = trial.runs
    assert (attempt.names, attempt.folders) == (("shop.example",), trial.folders)


@pytest.mark.parametrize(
    "edge",
    [None, replace(EDGE, tls=Tls("internal")), replace(EDGE, routes=(Route("/", "web"),))],
    ids=["no edge", "another mode", "no host"],
)
async def test_none_is_requested_where_none_is_wanted(edge: Edge | None, trial: Trial) -> None:
    assert await trial.tick(edge) == 0
    assert trial.renewer.note() is None


async def test_it_is_renewed_after_two_thirds_of_its_life(trial: Trial) -> None:
    trial.obtain()
    certificate = msgspec.json.decode(trial.folders.obtained.read_bytes(), type=Obtained).certificate()
    trial.now = certificate.begins + 59 * DAY
    assert await trial.tick() == 0
    trial.now = certificate.begins + 61 * DAY
    assert await trial.tick() == 1


async def test_failures_are_followed_by_growing_pauses_also_after_a_restart(trial: Trial) -> None:
    trial.reply(Failure("no such host"))
    assert await trial.tick() == 1
    trial.now += 59
    assert await trial.tick() == 1
    trial.now += 2
    assert await trial.tick() == 2
    trial.renewer = trial.opened()
    trial.now += 119
    assert await trial.tick() == 2
    trial.now += 2
    assert await trial.tick() == 3


async def test_a_failure_is_a_problem_while_there_is_no_certificate(trial: Trial) -> None:
    trial.reply(Failure("no such host"))
    await trial.tick()
    note = trial.renewer.note()
    assert note is not None
    assert (note.code, note.level) == ("certificate-failed", "problem")
    assert note.what == (
        "the request for a certificate failed: no such host; there is none from the authority yet;"
        " next attempt: 2001-09-09 01:47 UTC"
    )
    assert "mainstay start" in note.remedy
    trial.reply(None)
    trial.now += 61
    await trial.tick()
    assert trial.renewer.note() is None


@pytest.mark.requirement("M15")
@pytest.mark.parametrize(("days_left", "level"), [(8, "note"), (6, "problem"), (-1, "problem")])
async def test_with_a_certificate_it_is_a_note_until_7_days_before_the_end(
    days_left: int, level: str, trial: Trial
) -> None:
    trial.obtain()
    certificate = msgspec.json.decode(trial.folders.obtained.read_bytes(), type=Obtained).certificate()
    trial.now = certificate.ends - days_left * DAY
    trial.reply(Failure("no such host"))
    await trial.tick()
    note = trial.renewer.note()
    assert note is not None
    assert note.level == level


async def test_another_request_begins_without_the_pauses_of_the_last_one(trial: Trial) -> None:
    trial.reply(Failure("no such host"))
    assert await trial.tick() == 1
    other = replace(EDGE, routes=(Route("/", "web", host="new.example"),))
    assert await trial.tick(other) == 2


@pytest.mark.parametrize(
    ("failure", "runs"),
    [(Failure("x"), 2), (Failure("x", 600), 1), (Failure("x", rate_limited=True), 1)],
    ids=["our own pause", "a pause that the authority demands", "a rate limit"],
)
async def test_an_operator_may_shorten_our_own_pauses_only(failure: Failure, runs: int, trial: Trial) -> None:
    trial.reply(failure)
    await trial.tick()
    trial.renewer.retry()
    note = trial.renewer.note()
    assert note is not None
    assert ("mainstay start" in note.remedy) is (runs == 2)
    assert await trial.tick() == runs


async def test_one_request_at_a_time(trial: Trial) -> None:
    async with at_work(trial):
        trial.renewer.tick(EDGE, serves=True)
        trial.renewer.tick(EDGE, serves=True)
        assert len(trial.runs) == 1
    trial.program.with_name("wait").unlink()
    await trial.idle()
    assert len(trial.runs) == 1


@asynccontextmanager
async def at_work(trial: Trial) -> AsyncIterator[None]:
    """The body runs while a request is at work, which does not end by itself."""
    trial.program.with_name("wait").touch()
    trial.renewer.tick(EDGE, serves=True)
    async with asyncio.timeout(20):
        while not trial.runs:
            await asyncio.sleep(0.01)
    yield


@pytest.mark.parametrize("stops", [None, replace(EDGE, tls=None)], ids=["no edge", "another mode"])
async def test_a_request_ends_at_once_when_it_is_not_wanted_any_more(stops: Edge | None, trial: Trial) -> None:
    async with at_work(trial):
        trial.renewer.tick(stops, serves=True)
        await trial.idle()
    assert trial.renewer.note() is None


async def test_a_request_that_takes_too_long_is_ended_and_fails(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewer, "WITHIN_S", 0.2)
    async with at_work(trial):
        await trial.idle()
    note = trial.renewer.note()
    assert note is not None
    assert "the request did not end within 0.2 s" in note.what


async def test_a_request_that_crashes_fails_and_is_repeated(trial: Trial) -> None:
    trial.program.write_text("import sys; sys.stdin.read(); sys.exit(7)")
    await trial.tick()
    note = trial.renewer.note()
    assert note is not None
    assert "the request ended with exit code 7 and wrote no reason" in note.what
    trial.program.write_text(PROGRAM)
    trial.now += 61
    assert await trial.tick() == 1
    assert trial.renewer.note() is None
