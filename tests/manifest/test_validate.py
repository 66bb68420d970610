"""Bad manifests are refused: each mistake with its place, its path, the remedy and a stable code.

To add a case, add a file to `bad`: the manifest, then each expected mistake in a comment `# mistake: LINE:COLUMN: …`,
in the order of the file. A file of `good` has no mistake, and a comment `# warning: …` for each expected warning.
"""

import re
from pathlib import Path

import pytest

from mainstay.manifest.base import Section
from mainstay.manifest.other_tools import INSTEAD
from tests.manifest.written import HELLO, mistakes, warnings, write

FOLDER = Path(__file__).parent
REST = "services: {web: {command: [x], port: 80}}\n"
HEAD = "system: shop\nversion: 1.0.0\n"


def expected(path: Path, kind: str) -> list[str]:
    """The comments of *kind* in a manifest: `mistake`, `warning` or `bad input`."""
    return re.findall(rf"^# {kind}: (.*)$", path.read_text(), re.MULTILINE)


def cases(folder: str) -> list[object]:
    """The manifests of *folder*, each with the ids of the bad inputs that it shows."""
    paths = sorted((FOLDER / folder).glob("*.yaml"))
    marks = {path: [pytest.mark.bad_input(each) for each in expected(path, "bad input")] for path in paths}
    return [pytest.param(path, id=path.stem, marks=marks[path]) for path in paths]


@pytest.mark.parametrize("path", cases("bad"))
def test_a_bad_manifest_has_exactly_the_expected_mistakes(path: Path, tmp_path: Path) -> None:
    found = [each.removeprefix(f"{tmp_path}/mainstay.yaml:") for each in mistakes(tmp_path, path.read_bytes())]
    assert found == expected(path, "mistake") != []


@pytest.mark.parametrize("path", cases("good"))
def test_a_good_manifest_has_no_mistake_and_exactly_the_expected_warnings(path: Path, tmp_path: Path) -> None:
    assert mistakes(tmp_path, path.read_bytes()) == []
    found = [f"{each.what}; {each.remedy} [{each.code}]" for each in warnings(tmp_path, path.read_text())]
    assert found == expected(path, "warning")


def row(number: str, name: str, text: str | bytes, mistake: str) -> object:
    """A manifest that no text file can hold well, and its first mistake."""
    return pytest.param(text, mistake, id=name, marks=pytest.mark.bad_input(number))


MANY = "".join(f"  s{number}: {{command: [x]}}\n" for number in range(501))


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        row("B2", "an empty file", b"",
            "1:1: the file is empty; mainstay init in an empty folder writes the smallest one [empty-file]"),
        row("B25", "a hidden character", "system: na\u202eme\n",
            "1:11: hidden character U+202E; remove it [hidden-character]"),
        row("B26", "a NUL", "system: a\0b\n", "1:10: control character U+0000; remove it [control-character]"),
        row("B27", "UTF-16", "system: shop\n".encode("utf-16"),
            "1:1: the file is not UTF-8 (looks like UTF-16); save it as UTF-8 [not-utf8]"),
        row("B30", "20,000 levels", "[" * 20_000,
            "1:1: nested deeper than 32 levels; a manifest needs fewer [too-deep]"),
        row("B31", "501 services", f"{HEAD}services:\n{MANY}",
            "3:1: the manifest has 501 services; the limit is 500 (services); split it into systems "
            "[too-many-services]"),
        row("B31", "a file too large", b"#" * 1_000_001,
            "1:1: the file has 1,000,001 bytes, the limit is 1,000,000; split it into systems [too-large]"),
        row("B32", "5,000 digits", f"{HEAD}services: {{web: {{command: [x], port: {'9' * 5000}}}}}\n",
            "3:38: the number is too long (services.web.port); shorten it [long-number]"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_a_manifest_is_refused(tmp_path: Path, text: str | bytes, mistake: str) -> None:
    path = write(tmp_path, text)
    assert mistakes(tmp_path, path.read_bytes())[0] == f"{path}:{mistake}"


@pytest.mark.parametrize("port", ['"8000"', "99999", "[80, 443]"])
def test_a_port_that_is_wrong_is_not_also_missing(tmp_path: Path, port: str) -> None:
    text = HELLO.replace("port: 8000", f"port: {port}").replace("app.py]", 'app.py, "{port}"]')
    assert [each.rpartition(" [")[2] for each in mistakes(tmp_path, text)] == ["bad-port]"]


def test_a_misspelt_key_is_not_also_missing(tmp_path: Path) -> None:
    found = mistakes(tmp_path, HELLO.replace("command:", "comand:"))
    assert [each.rpartition(" [")[2] for each in found] == ["unknown-key]"]


@pytest.mark.parametrize(
    "part",
    ["datastores: {db: {kind: postgress}}", "edge: {routes: [{path: x, service: web}]}", "variables: {A: {from: 1}}"],
    ids=["a kind", "a path", "a name"],
)
def test_a_wrong_value_is_one_mistake_and_not_also_missing(tmp_path: Path, part: str) -> None:
    text = f"{HEAD}services: {{web: {{command: [x], port: 80, variables: [A], needs: [db]}}}}\n{part}\n"
    codes = [each.rpartition("[")[2] for each in mistakes(tmp_path, text)]
    assert "missing]" not in codes
    (kind,) = mistakes(tmp_path, f"{HEAD}{REST}datastores: {{db: {{kind: postgress}}}}\n")
    assert kind.endswith("'postgress' is not known (datastores.db.kind); did you mean 'postgres'? [not-one-of]")


def test_no_word_of_another_tool_is_a_key_of_mainstay() -> None:
    models = {model.__name__: model for model in Section.__subclasses__()}
    for name, words in INSTEAD.items():
        assert not set(words) & {*models[name].model_fields, *models[name].later}


@pytest.mark.bad_input("B33")
def test_a_password_is_never_repeated(tmp_path: Path) -> None:
    text = (
        HELLO
        + "variables: {URL: 'postgres://u:hunter2@db/x', API_TOKEN: hunter2, A: {default: hunter2, secret: true}}\n"
    )
    found = mistakes(tmp_path, text)
    assert len(found) == 3
    assert not any("hunter2" in each for each in found)
