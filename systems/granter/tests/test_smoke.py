"""The smoke flows: all five pass against the real services, leave nothing behind, and fail when they should."""

import json
from pathlib import Path

import httpx2
import pytest
import yaml
from granter_deployment import Granter
from granter_postgres import ROOT
from granter_smoke import MISSING, Flow, UnexpectedResponse, differences, value_at

pytestmark = pytest.mark.requirement("Q14", "Q15", "Q16", "Q17", "Q18")

FLOWS = sorted((ROOT / "smoke").glob("*.yaml"))


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_a_flow_passes(granter: Granter, path: Path) -> None:
    Flow(granter.addresses).run(path)


def test_there_are_five_flows() -> None:
    assert [path.stem for path in FLOWS] == ["auth", "extraction", "health", "scraper", "search"]


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_writing_flows_declare_it_and_clean_up(path: Path) -> None:
    values = yaml.safe_load(path.read_text())
    posts = [step for step in values["steps"] if "post" in step]
    assert values.get("writes", False) == bool(posts) == bool(values.get("finally"))


def test_the_flows_clean_up(granter: Granter) -> None:
    for path in FLOWS:
        Flow(granter.addresses).run(path)
    left = "select count(*) from accounts where email like 'smoke-%'"
    assert granter.postgres.execute(granter.database, left) == "0"


def test_a_failed_expectation_is_reported_and_cleaned_up(granter: Granter, tmp_path: Path) -> None:
    values = yaml.safe_load((ROOT / "smoke" / "auth.yaml").read_text())
    values["steps"][3]["expect"]["json"] = {"$.email": "somebody@else.org"}
    values["steps"][3]["expect"]["within"] = "300ms"
    (tmp_path / "auth.yaml").write_text(yaml.safe_dump(values))
    flow = Flow(granter.addresses)
    with pytest.raises(UnexpectedResponse, match=r"GET /api/auth/me: \$\.email is 'smoke-"):
        flow.run(tmp_path / "auth.yaml")
    left = f"select count(*) from accounts where email = 'smoke-{flow.variables['unique']}@example.com'"
    assert granter.postgres.execute(granter.database, left) == "0"


def test_a_flow_without_expectations_is_refused(tmp_path: Path) -> None:
    (tmp_path / "idle.yaml").write_text("flow: idle\nsteps: [{get: /}]\n")
    with pytest.raises(UnexpectedResponse, match="expects nothing"):
        Flow({"/": "http://127.0.0.1:9"}).run(tmp_path / "idle.yaml")


@pytest.mark.parametrize(
    ("expected", "fine"),
    [
        ({"status": 200, "json": {"$.a[0].b": 1}}, True),
        ({"status": 201}, False),
        ({"json": {"$.a[0].b": 2}}, False),
        ({"json": {"$.a[1]": {"exists": False}}}, True),
        ({"json": {"$.a": {"count": {"at_least": 1, "at_most": 1}}}}, True),
        ({"json": {"$.a": {"count": 2}}}, False),
        ({"json": {"$.a[-1].b": {"at_least": 2}}}, False),
        ({"json": {"$.c": None}}, True),
        ({"json": {"$.d": None}}, False),
        ({"header": {"Content-Type": "text/html"}}, False),
        ({"body": {"contains": '"a"'}}, True),
        ({"body": {"matches": "^x"}}, False),
        ({"json": {"$.a": {"like": 1}}}, False),
    ],
)
def test_comparisons_of_a_flow(expected: dict[str, object], fine: bool) -> None:
    response = httpx2.Response(200, json=json.loads('{"a": [{"b": 1}], "c": null}'))
    assert (differences(response, expected) == []) is fine


def test_an_unmatched_path_returns_missing() -> None:
    assert value_at({"a": [1]}, "$.a[3].b") is MISSING
