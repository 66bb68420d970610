"""Events of a run: one line each, as text or JSON, and in the live view."""

import io
import json
import re
from contextlib import closing

import pytest
from msgspec import Raw

from mainstay.cli.console import Console, duration
from mainstay.cli.event_text import EventLines, document
from mainstay.cli.live import LivePhases
from mainstay.history import events
from mainstay.system.clock import SystemClock, Waiter
from tests.cli.sample_plan import plan, row

STORY: list[tuple[events.Event, str]] = [
    (
        events.Planned("deploy", Raw(b"{}"), "1.1.0", 2, 1, "safe", "ada", 3, 2),
        "planned: deploy 1.1.0, release 2, 3 steps",
    ),
    (events.Resumed("ada", "box", 1, "mainstay 1"), "started by ada on box"),
    (events.Started("1.1", "brew", "Brew tea"), "1.1 Brew tea"),
    (events.Progress("1.1", "90 °C"), "1.1 … 90 °C"),
    (events.Done("1.1", "hot", 2.04), "1.1 done in 2.0 s: hot"),
    (events.Done("1.1", "", 2.04), "1.1 done in 2.0 s"),
    (events.Done("1.1", "already done", 0.0, adopted=True, title="Brew tea"), "1.1 already done: Brew tea"),
    (events.Failed("1.1", "cold\x1b[2J"), "1.1 failed: cold"),
    (
        events.TrafficReverted(1, ("1.1",)),
        "interrupted in stage 1: traffic returns to the revisions that had it before",
    ),
    (events.TrafficReverted(0, ("1.1",)), "interrupted: traffic returns to the revisions that had it before"),
    (events.UndoStarted("ada", "cold\x1b[2J"), "rolling back, because step 1.1 failed"),
    (events.UndoStarted("abort", "abort was requested by ada"), "rolling back: abort was requested by ada"),
    (events.UndoStarted("ada", "no milk;\n  ask the cow"), "rolling back: no milk;\n  ask the cow"),
    (events.Undoing("1.1"), "1.1 undoing: Brew tea"),
    (events.Undone("1.1", "poured away"), "1.1 undone: poured away"),
    (events.ParkedAt("1.1", "no water", "mainstay resume"), "parked: no water; mainstay resume"),
    (events.Answered("1.1", "done", "I saw it", "ada"), "1.1 marked done by ada: I saw it"),
    (events.Ended("undone"), "rolled back"),
]


ROWS = [row(sequence, event) for sequence, (event, _) in enumerate(STORY, 1)]


def test_every_kind_of_event_is_covered() -> None:
    assert {type(event) for event, _ in STORY} == set(events.NAMES)


def test_a_pipe_gets_one_line_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    lines = EventLines(Console())
    for each in ROWS:
        lines.on_event(each)
    assert capsys.readouterr().out == "".join(f"13:00:00 r-0001 {result}\n" for _, result in STORY)


def test_json_output_has_one_document_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    documents = EventLines(Console("json"))
    for each in ROWS:
        documents.on_event(each)
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all({"at", "run", "sequence", "event"} <= set(each) for each in printed)
    assert printed[4] == {
        "at": "2026-11-21T13:00:00.000+00:00", "run": "r-0001", "sequence": 5, "event": "done", "step": "1.1",
        "title": "Brew tea", "evidence": "hot", "took_s": 2.04, "adopted": False,
    }  # fmt: skip


def test_a_document_has_no_empty_title_and_not_the_plan() -> None:
    assert "title" not in document(row(1, events.Done("1.1", "hot", 2.04)), {})
    assert "plan" not in document(ROWS[0], {})


def test_the_live_view_leaves_a_line_for_each_finished_step(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(LivePhases(Console(), plan())) as phases:
        for each in ROWS:
            phases.on_event(each)
    result = capsys.readouterr().out
    assert [mark for mark in "✓✗↩" if mark not in result] == []
    assert "1  prepare" in result


@pytest.mark.parametrize(("columns", "below"), [(100, False), (40, True)], ids=["a wide one", "a narrow one"])
def test_figures_stand_beside_their_step_or_below_it_in_a_narrow_terminal(
    columns: int, below: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = io.StringIO()
    monkeypatch.setattr("sys.stdout", shown)
    with closing(LivePhases(Console(), None)) as phases:
        phases.on_event(row(1, events.Started("1.1", "brew", "Brew tea")))
        phases.on_figures("1.1", "7 s left; new: 90 °C against 95 °C\x1b[2J")
        Waiter(SystemClock()).wait_until(lambda: "against" in shown.getvalue(), within=5, waiting_for="the figures")
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.getvalue()).splitlines()
    assert any("Brew tea" in line and "7 s left; new: 90 °C" in line for line in lines) is not below
    assert {" " * 9 + "7 s left", " " * 9 + "new: 90 °C against 95 °C"} <= {
        line.rstrip() for line in lines
    } or not below
    assert "\x1b[2J" not in shown.getvalue()


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (100, [" ✓ 1.1   Brew tea  2 of 2 cups; green: 80 °C; black: 90 °C  2.0 s"]),
        (
            40,
            [" ✓ 1.1   Brew tea  2.0 s", *(" " * 9 + each for each in ("2 of 2 cups", "green: 80 °C", "black: 90 °C"))],
        ),
    ],
    ids=["a wide one", "a narrow one"],
)
def test_evidence_of_several_parts_is_shown_below_its_step_in_a_narrow_terminal(
    columns: int, lines: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    with closing(LivePhases(Console(), None)) as phases:
        phases.on_event(row(1, events.Started("1.1", "brew", "Brew tea")))
        phases.on_event(row(2, events.Done("1.1", "2 of 2 cups; green: 80 °C; black: 90 °C", 2.04)))
    assert [line for line in capsys.readouterr().out.splitlines() if line.strip()] == lines


def test_a_step_without_evidence_shows_its_title_and_duration(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(LivePhases(Console(), None)) as phases:
        phases.on_event(row(1, events.Started("1.1", "brew", "Brew tea")))
        phases.on_event(row(2, events.Done("1.1", "", 2.04)))
    assert " ✓ 1.1   Brew tea  2.0 s\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "result"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min"), (3600, "1 h"), (90000, "1 d 1 h")],
)
def test_durations_have_readable_units(seconds: float, result: str) -> None:
    assert duration(seconds) == result


def test_a_parked_run_suggests_commands_with_the_options_that_were_typed(capsys: pytest.CaptureFixture[str]) -> None:
    for output in ("text", "json"):
        console = Console(output)
        console.repeat("-e", "staging")
        EventLines(console).on_event(row(1, events.ParkedAt("1.1", "its outcome is unknown", "mainstay resume")))
    text, line = capsys.readouterr().out.splitlines()
    assert text.endswith("parked: its outcome is unknown; mainstay -e staging resume")
    assert json.loads(line)["remedy"] == "mainstay -e staging resume"
