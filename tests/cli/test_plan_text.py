"""The runbook of a plan as text."""

import pytest
from msgspec.structs import replace

from mainstay.cli import plan_text
from mainstay.model.run_kind import Kind
from mainstay.planning import document as plan_document
from mainstay.planning.plan import Change, Phase
from tests.cli.sample_plan import Brew, plan

HEAD = [
    "plan 3f9a1c: deploy 1.1.0 to shop/production as release 2",
    "live now: release 1 (1.0.0)",
    "rollback: safe (the old release can go live again; the data stays as it is then)",
    "",
]
FOOT = ["changes", "   services.web.replicas: 1 → 2", "", "note: the kettle is hot"]


def test_the_runbook_lists_phases_steps_and_changes() -> None:
    assert list(plan_text.text(plan())) == [
        *HEAD,
        "1  prepare",
        "   1.1   Brew tea  ~2.0 s",
        " ∥ 1.2   Brew coffee  ~1.0 s",
        "",
        "2  serve",
        "   2.1   Brew both  ~1 min  (from this step on the run cannot be undone)",
        "   2.2   Brew more  ~0.1 s",
        "",
        *FOOT,
        "",
        "takes about 1 min 2 s, as in earlier runs",
    ]


def test_the_summary_of_a_plan_leaves_out_its_steps() -> None:
    assert list(plan_text.summary(plan())) == HEAD + FOOT


@pytest.mark.parametrize(
    ("kind", "before", "lines"),
    [
        ("deploy", None, ["live now: nothing (first release)"]),
        ("rollback", 3, ["live now: release 3 (1.0.0)"]),
        ("down", 3, []),
    ],
    ids=["a first release has nothing to roll back to", "a rollback", "a stop"],
)
def test_the_headline_depends_on_the_kind_of_the_plan(kind: Kind, before: int | None, lines: list[str]) -> None:
    shown = list(plan_text.text(replace(plan(), kind=kind, before=before, changes=(), notes=())))
    assert shown[1 : len(lines) + 2] == [*lines, ""]


@pytest.mark.parametrize(
    ("phases", "expected_s"),
    [
        pytest.param(plan().phases, 62.1, id="known"),
        pytest.param(
            (Phase("prepare", ((Brew(what="tea", expected_s=9.0), Brew(what="coffee")),)),), None, id="unknown"
        ),
        pytest.param((Phase("prepare", ((Brew(what="tea", expected_s=0.0),),)),), 0.0, id="none"),
    ],
)
def test_text_and_json_have_the_same_duration(phases: tuple[Phase, ...], expected_s: float | None) -> None:
    timed = replace(plan(), phases=phases)
    assert plan_document.document(timed)["expected_s"] == expected_s
    assert any("takes about" in line for line in plan_text.text(timed)) == bool(expected_s)


def test_long_values_are_cut_where_they_differ() -> None:
    paths = "/usr/local/bin:" * 20
    change = Change("services.web.environment.PATH", f"{paths}/old/bin", f"{paths}/new/bin")
    (line,) = [each for each in plan_text.text(replace(plan(), changes=(change,))) if "PATH" in each]
    assert "/old/bin" in line
    assert "/new/bin" in line
    assert len(line) < 250


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (Change("edge.https", "off", "443, certificates from Let's Encrypt"),
         "edge.https: off → 443, certificates from Let's Encrypt"),
        (Change("edge.limits.body", None, "1MB"), "edge.limits.body: not set → 1MB"),
        (Change("edge.compress", False, True), "edge.compress: false → true"),
        (Change("services.web.variables.NAME", " a", ""), 'services.web.variables.NAME: " a" → ""'),
        (Change("services.api", None, {"replicas": 2, "health": {}}), "services.api: new"),
        (Change("services.api", {"replicas": 2}, None), "services.api: removed"),
    ],
    ids=lambda each: each.path if isinstance(each, Change) else "",
)  # fmt: skip
def test_changes_read_like_the_manifest(change: Change, line: str) -> None:
    assert f"   {line}" in list(plan_text.text(replace(plan(), changes=(change,))))
