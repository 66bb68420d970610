"""Files with smoke flows: each mistake has its file, line, column, code and remedy."""

from pathlib import Path

import pytest

from mainstay.model.flow import Expectation, JsonExpectation
from tests.manifest.written import HELLO, loaded, mistakes

HEAD = "flow: a\nsteps:\n"
GOOD = f"{HEAD}  - get: /\n    expect: {{status: 200}}\n"


def flow(folder: Path, text: str, name: str = "a.yaml") -> None:
    (folder / "smoke").mkdir(exist_ok=True)
    (folder / "smoke" / name).write_text(text)


def found(folder: Path, smoke: str = "smoke/") -> list[str]:
    return [each.removeprefix(f"{folder}/") for each in mistakes(folder, f"{HELLO}smoke: {smoke}\n")]


BAD = {
    "no expectation": (
        f"{HEAD}  - get: /\n",
        (
            "2:1: the flow 'a' can never fail, because its steps expect nothing (steps); add expect: {status: 200} to "
            "a "
            "step [no-expectation]"
        ),
    ),
    "only a time limit": (
        f"{HEAD}  - get: /\n    expect: {{within: 2s}}\n",
        (
            "2:1: the flow 'a' can never fail, because its steps expect nothing (steps); add expect: {status: 200} to "
            "a "
            "step [no-expectation]"
        ),
    ),
    "an unknown key": (
        f"{GOOD}after: []\n",
        "5:1: unknown key 'after' (after); use one of: finally, flow, host, steps, writes [unknown-key]",
    ),
    "an unknown key of a step": (
        f"{HEAD}  - get: /\n    expects: {{status: 200}}\n",
        "4:5: unknown key 'expects' (steps[0].expects); did you mean 'expect'? [unknown-key]",
    ),
    "two requests": (
        f"{HEAD}  - {{get: /, post: /, expect: {{status: 200}}}}\n",
        (
            "3:5: a step has one request, found get and post (steps[0]); write one of: get: /path, post: /path, put: "
            "/path, patch: /path, delete: /path [bad-step]"
        ),
    ),
    "no steps": ("flow: a\nsteps: []\n", "2:1: 'steps' is empty (steps); write at least one below 'steps:' [empty]"),
    "no name": (
        "steps: [{get: /, expect: {status: 200}}]\n",
        "1:1: 'flow' is missing; add flow: … [missing]",
    ),
    "a path without a slash": (
        f"{HEAD}  - get: home\n    expect: {{status: 200}}\n",
        "3:10: a path starts with '/', found 'home' (steps[0].get); write /home [bad-path]",
    ),
    "a status that is none": (
        f"{HEAD}  - get: /\n    expect: {{status: 2000}}\n",
        "4:22: 2000 is not a status (steps[0].expect.status); write 200, or a list like [200, 204] [bad-status]",
    ),
    "an unknown comparison": (
        f"{HEAD}  - get: /\n    expect: {{json: {{$.a: {{more_than: 1}}}}}}\n",
        (
            "4:26: expected a value or comparisons, found 'more_than' (steps[0].expect.json.$.a); use a value, or one "
            "of: "
            "at_least, at_most, matches, exists, count [unknown-comparison]"
        ),
    ),
    "a comparison of another type": (
        f'{HEAD}  - get: /\n    expect: {{json: {{$.a: {{at_least: "1"}}}}}}\n',
        "4:26: 'at_least' cannot be '1' (steps[0].expect.json.$.a); write at_least: 1 [bad-comparison]",
    ),
    "no regular expression": (
        f'{HEAD}  - get: /\n    expect: {{body: {{matches: "("}}}}\n',
        (
            "4:30: '(' is not a regular expression: missing ), unterminated subpattern at position 0 "
            "(steps[0].expect.body.matches); correct it, or write \\ before special characters [bad-regex]"
        ),
    ),
    "too much time": (
        f"{HEAD}  - get: /\n    expect: {{status: 200, within: 2m}}\n",
        "4:35: must be at most 1m, found 2m (steps[0].expect.within); write 1m [out-of-range]",
    ),
    "a value that is kept later": (
        f"{HEAD}  - get: /{{id}}\n    expect: {{status: 200}}\n    keep: {{id: $.id}}\n",
        "3:10: {id} is used before a step keeps it (steps[0].get); keep it in an earlier step [kept-later]",
    ),
    "a misspelt value": (
        f'{HEAD}  - post: /\n    json: {{a: ["{{uniqe}}"]}}\n    expect: {{status: 200}}\n',
        (
            "4:16: {uniqe} is neither generated nor kept by an earlier step (steps[0].json.a[0]); did you mean "
            "'unique'? "
            "[unknown-placeholder]"
        ),
    ),
    "a kept name that is generated": (
        f"{HEAD}  - get: /\n    expect: {{status: 200}}\n    keep: {{password: $.p}}\n",
        "5:12: {password} is generated for each run (steps[0].keep.password); give it another name [name-taken]",
    ),
    "no YAML": (f"{HEAD}  - get: [\n", "4:1: not readable as YAML: did not find expected node content; "),
    "a list": ("- get: /\n", "1:1: expected keys at the top, found a list; begin with flow: NAME [not-a-mapping]"),
    "an empty file": ("", "1:1: the file is empty; begin with flow: NAME [empty-file]"),
}


@pytest.mark.parametrize(("text", "mistake"), BAD.values(), ids=BAD)
def test_a_bad_flow_has_its_mistake(tmp_path: Path, text: str, mistake: str) -> None:
    flow(tmp_path, text)
    (only,) = found(tmp_path)
    assert only.startswith(f"smoke/a.yaml:{mistake}")


def test_a_json_path_that_is_none_is_refused(tmp_path: Path) -> None:
    flow(tmp_path, f'{HEAD}  - get: /\n    expect: {{json: {{"$.[": 1}}}}\n')
    (only,) = found(tmp_path)
    assert only.startswith("smoke/a.yaml:4:")
    assert "'$.[' is not a JSONPath: " in only
    assert only.endswith("[bad-json-path]")


@pytest.mark.bad_input("B41")
def test_the_mistakes_of_all_files_are_in_one_report(tmp_path: Path) -> None:
    flow(tmp_path, f"{HEAD}  - get: /\n", "a.yaml")
    flow(tmp_path, GOOD.replace("flow: a", "flow: b").replace("200", "7"), "b.yaml")
    flow(tmp_path, GOOD.replace("flow: a", "flow: c"), "c.yaml")
    flow(tmp_path, GOOD.replace("flow: a", "flow: c"), "d.yaml")
    every = mistakes(tmp_path, HELLO.replace("port: 8000", "prt: 8000") + "smoke: smoke/\n")
    assert [each.rpartition("[")[2] for each in every if "smoke/" in each] == [
        "no-expectation]",
        "bad-status]",
        "given-twice]",
    ]
    assert any("unknown key 'prt'" in each for each in every)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "smoke").mkdir()
    assert found(tmp_path)[0].endswith("[no-flow]")


def test_a_flow_is_read_with_all_its_parts(tmp_path: Path) -> None:
    flow(
        tmp_path,
        """\
flow: order
writes: true
host: shop.example
steps:
  - post: /orders
    json: {name: "{unique}", count: 2, price: 1.5}
    expect: {status: [200, 201], json: {$.id: {exists: true}, $.n: 1}, body: {contains: 1}, within: 500ms}
    keep: {id: $.id}
finally:
  - delete: /orders/{id}
""",
    )
    (only,) = loaded(tmp_path, f"{HELLO}smoke: smoke/a.yaml\n").flows
    (step,) = only.steps
    assert (only.name, only.writes, only.host, only.finally_[0].path) == ("order", True, "shop.example", "/orders/{id}")
    assert (step.method, step.json, step.keep) == (
        "POST",
        {"name": "{unique}", "count": 2, "price": 1.5},
        {"id": "$.id"},
    )
    json = JsonExpectation("$.id", {"exists": True}), JsonExpectation("$.n", {"equals": 1})
    assert step.expect == Expectation((200, 201), json, body_contains="1", within_s=0.5)


@pytest.mark.parametrize("smoke", ["smoke/", "[smoke/]", "{path: smoke/}"])
def test_an_environment_overrides_where_flows_may_write(tmp_path: Path, smoke: str) -> None:
    flow(tmp_path, GOOD)
    text = f"{HELLO}smoke: {smoke}\nenvironments: {{local: {{}}, staging: {{smoke: {{writes: preview}}}}}}\n"
    local, staging = loaded(tmp_path, text), loaded(tmp_path, text, "staging")
    assert (local.smoke_writes, len(local.flows)) == ("front", 1)
    assert (staging.smoke_writes, len(staging.flows)) == ("preview", 1)
