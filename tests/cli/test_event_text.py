"""What is told about plans and runs: the runbook, the sentences, the documents, the moving picture."""

import json

import pytest
from msgspec.structs import replace

from mainstay.cli import plan_text
from mainstay.cli.console import Console, duration
from mainstay.cli.event_text import EventLines, document
from mainstay.cli.live import LivePhases
from mainstay.history.events import (
    NAMES,
    Answered,
    Done,
    Ended,
    Event,
    Failed,
    ParkedAt,
    Planned,
    Progress,
    Resumed,
    Started,
    Undoing,
    Undone,
    UndoStarted,
    Withdrawn,
)
from mainstay.model.run_kind import Kind
from mainstay.planning import document as plan_document
from mainstay.planning.plan import Change, Phase
from tests.cli.told import RAW, Brew, plan, row

STORY: list[tuple[Event, str]] = [
    (Planned("deploy", RAW, "1.1.0", 2, 1, "safe", "ada", 3, 2), "planned: deploy 1.1.0, release 2, 3 steps"),
    (Resumed("ada", "box", 1, "mainstay 1"), "started by ada on box"),
    (Started("1.1", "brew", "Brew tea"), "1.1 Brew tea"),
    (Progress("1.1", "90 °C"), "1.1 … 90 °C"),
    (Done("1.1", "hot", 2.04), "1.1 done in 2.0 s: hot"),
    (Done("1.1", "already done", 0.0, adopted=True, title="Brew tea"), "1.1 already done: Brew tea"),
    (Failed("1.1", "cold\x1b[2J"), "1.1 failed: cold"),
    (Withdrawn(1, ("1.1",)), "interrupted in stage 1: traffic returns to the revisions that had it before"),
    (Withdrawn(0, ("1.1",)), "interrupted: traffic returns to the revisions that had it before"),
    (UndoStarted("ada", "cold\x1b[2J"), "rolling back, because step 1.1 failed"),
    (UndoStarted("abort", "abort was requested by ada"), "rolling back: abort was requested by ada"),
    (UndoStarted("ada", "no milk;\n  ask the cow"), "rolling back: no milk;\n  ask the cow"),
    (Undoing("1.1"), "1.1 undoing: Brew tea"),
    (Undone("1.1", "poured away"), "1.1 undone: poured away"),
    (ParkedAt("1.1", "no water", "mainstay resume"), "parked: no water; mainstay resume"),
    (Answered("1.1", "done", "I saw it", "ada"), "1.1 marked done by ada: I saw it"),
    (Ended("undone"), "rolled back"),
]


def test_the_story_knows_every_event() -> None:
    assert {type(event) for event, _ in STORY} == set(NAMES)


def test_piped_a_run_is_one_line_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    lines = EventLines(Console())
    for sequence, (event, _) in enumerate(STORY, 1):
        lines.on_event(row(sequence, event))
    assert capsys.readouterr().out == "".join(f"13:00:00 r-0001 {said}\n" for _, said in STORY)


def test_in_json_a_run_is_one_document_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    documents = EventLines(Console("json"))
    for sequence, (event, _) in enumerate(STORY, 1):
        documents.on_event(row(sequence, event))
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all({"at", "run", "sequence", "event"} <= set(each) for each in told)
    assert told[4] == {
        "at": "2026-11-21T13:00:00.000+00:00", "run": "r-0001", "sequence": 5, "event": "done", "step": "1.1",
        "title": "Brew tea", "evidence": "hot", "took_s": 2.04, "adopted": False,
    }  # fmt: skip


def test_a_step_without_a_title_has_none_in_its_document() -> None:
    assert "title" not in document(row(1, Done("1.1", "hot", 2.04)), {})


def test_the_plans_document_is_not_told_twice() -> None:
    assert "plan" not in document(row(1, STORY[0][0]), {})


def test_the_moving_picture_leaves_a_line_for_each_end(capsys: pytest.CaptureFixture[str]) -> None:
    with LivePhases(Console(), plan()) as phases:
        for sequence, (event, _) in enumerate(STORY, 1):
            phases.on_event(row(sequence, event))
    said = capsys.readouterr().out
    assert [mark for mark in "✓✗↩" if mark not in said] == []
    assert "1  prepare" in said


def test_the_runbook_reads_like_one() -> None:
    assert list(plan_text.text(plan())) == [
        "plan 3f9a1c: deploy 1.1.0 to shop/production as release 2",
        "live now: release 1 (1.0.0)",
        "rollback: safe (the old release can go live again; the data stays as it is then)",
        "",
        "1  prepare",
        "   1.1   Brew tea  ~2.0 s",
        " ∥ 1.2   Brew coffee  ~1.0 s",
        "",
        "2  serve",
        "   2.1   Brew both  ~1 min  (from this step on the run cannot be undone)",
        "   2.2   Brew more  ~0.1 s",
        "",
        "changes",
        "   services.web.replicas: 1 → 2",
        "",
        "note: the kettle is hot",
        "",
        "takes about 1 min 2 s, as in earlier runs",
    ]


def test_the_summary_of_a_plan_leaves_out_its_steps() -> None:
    assert list(plan_text.summary(plan())) == [
        "plan 3f9a1c: deploy 1.1.0 to shop/production as release 2",
        "live now: release 1 (1.0.0)",
        "rollback: safe (the old release can go live again; the data stays as it is then)",
        "",
        "changes",
        "   services.web.replicas: 1 → 2",
        "",
        "note: the kettle is hot",
    ]


@pytest.mark.parametrize(
    ("kind", "before", "lines"),
    [
        ("deploy", None, ["live now: nothing (first release)"]),
        ("rollback", 3, ["live now: release 3 (1.0.0)"]),
        ("down", 3, []),
    ],
    ids=["a first release has nothing to roll back to", "a rollback", "a stop"],
)
def test_the_headline_says_only_what_makes_sense(kind: Kind, before: int | None, lines: list[str]) -> None:
    assert list(plan_text.text(replace(plan(), kind=kind, before=before, changes=(), notes=())))[1:][
        : len(lines) + 1
    ] == [
        *lines,
        "",
    ]


def test_the_terminal_and_json_tell_the_same_duration_and_neither_guesses() -> None:
    known = plan()
    unknown = replace(known, phases=(Phase("prepare", ((Brew(what="tea", expected_s=9.0), Brew(what="coffee")),)),))
    assert plan_document.document(known)["expected_s"] == 62.1
    assert plan_document.document(unknown)["expected_s"] is None
    assert not any("takes about" in line for line in plan_text.text(unknown))


def test_a_plan_that_takes_no_time_does_not_say_how_long() -> None:
    quick = replace(plan(), phases=(Phase("prepare", ((Brew(what="tea", expected_s=0.0),),)),))
    assert not any("takes about" in line for line in plan_text.text(quick))


def test_long_values_are_cut_where_they_differ() -> None:
    paths = "/usr/local/bin:" * 20
    change = Change("services.web.environment.PATH", f"{paths}/old/bin", f"{paths}/new/bin")
    (line,) = [each for each in plan_text.text(replace(plan(), changes=(change,))) if "PATH" in each]
    assert "/old/bin" in line
    assert "/new/bin" in line
    assert len(line) < 250


def test_the_plans_document_is_the_contracts() -> None:
    told = plan_document.document(plan())
    assert {"id", "kind", "from", "to", "version", "rollback", "phases", "changes"} <= set(told)
    assert told["changes"] == [{"path": "services.web.replicas", "before": 1, "after": 2}]
    assert told["phases"] == [
        {"name": "prepare", "ranks": [[
            {"number": "1.1", "kind": "brew", "title": "Brew tea", "place": "live", "reversible": True,
             "expected_s": 2.0},
            {"number": "1.2", "kind": "brew", "title": "Brew coffee", "place": "live", "reversible": True,
             "expected_s": 1.0},
        ]]},
        {"name": "serve", "ranks": [[
            {"number": "2.1", "kind": "pour", "title": "Brew both", "place": "live", "reversible": False,
             "expected_s": 60.0},
        ], [
            {"number": "2.2", "kind": "pour", "title": "Brew more", "place": "live", "reversible": False,
             "expected_s": 0.1},
        ]]},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.6, "1 min"), (3600, "1 h"), (90000, "1 d 1 h")],
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_parked_run_suggests_commands_with_the_options_that_were_typed(capsys: pytest.CaptureFixture[str]) -> None:
    for output in ("text", "json"):
        console = Console(output)
        console.repeat("-e", "staging")
        EventLines(console).on_event(
            row(1, ParkedAt(step="1.1", why="its outcome is unknown", remedy="mainstay resume"))
        )
    text, line = capsys.readouterr().out.splitlines()
    assert text.endswith("parked: its outcome is unknown; mainstay -e staging resume")
    assert json.loads(line)["remedy"] == "mainstay -e staging resume"
