"""`validate`, the same mistakes in other commands, and `schema`."""

import json
from pathlib import Path

import pytest

from mainstay.drivers import wiring
from tests.cli.program import mainstay


def init(folder: Path, datastores: str) -> None:
    mainstay(folder, "init")
    with (folder / "mainstay.yaml").open("a") as manifest:
        manifest.write(datastores)


MISTAKEN = "system: shop\nversion: 1.10\nservices: {web: {command: x}}\n"


@pytest.mark.parametrize("command", ["up", "deploy", "plan", "status", "logs web", "down", "history"])
def test_a_system_whose_name_is_invalid_is_refused_with_the_rule(tmp_path: Path, command: str) -> None:
    (tmp_path / "mainstay.yaml").write_text("# ours\nsystem: 'Err App' # our app\nversion: 1.0.0\n")
    result = mainstay(tmp_path, *command.split(), MAINSTAY_STATE="")
    assert result.code == 2
    expected = "mainstay.yaml:2:9: 'Err App' is not a name, so the system's state cannot be found\n"
    assert expected in result.err
    assert "use a-z, 0-9 and '-', start with a letter, end with a letter or digit, at most 63 characters" in result.err


def test_validate_reports_every_mistake(tmp_path: Path) -> None:
    (tmp_path / "mainstay.yaml").write_text(MISTAKEN)
    mistakes = (
        'mainstay.yaml:2:10: YAML reads 1.10 as the number 1.1 (version); write "1.10" with quotes '
        "[version-is-a-number]\n"
        "mainstay.yaml:3:27: expected a list, found 'x' (services.web.command); write [x] [not-a-list]\n"
    )
    assert mainstay(tmp_path, "validate") == (2, "", f"{mistakes}2 mistakes; nothing was changed\n")


def test_a_datastore_version_that_cannot_run_is_refused_by_validate_and_plan(tmp_path: Path) -> None:
    support = wiring.datastore_support("postgres")
    assert support
    (major,) = support.versions
    init(tmp_path, "datastores: {db: {kind: postgres, version: '9.6'}}\n")
    expected = (
        f"mainstay.yaml:10:44: db asks for version 9.6, but the embedded Postgres is {major} (datastores.db.version); "
        f'write version: "{major}", or leave it out [unsupported-version]\n'
    )
    for command in ("validate", "plan"):
        result = mainstay(tmp_path, command)
        assert (result.code, expected in result.err) == (2, True), result


def test_data_of_another_major_version_is_refused_before_anything_is_changed(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    init(folder, "datastores: {db: {kind: postgres}}\n")
    cluster = tmp_path / "shop-state" / "data" / "db" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9.6\n")
    (cluster / "postmaster.opts").touch()
    result = mainstay(folder, "plan")
    assert (result.code, "the data of db was written by Postgres 9.6" in result.err) == (2, True), result
    assert {path.name for path in cluster.iterdir()} == {"PG_VERSION", "postmaster.opts"}
    assert not (tmp_path / "shop-state" / "journal.db").exists()


def test_validate_in_json_has_every_mistake_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "mainstay.yaml").write_text(MISTAKEN)
    result = mainstay(tmp_path, "validate", "--output", "json")
    errors = json.loads(result.err)["errors"]
    assert [error["code"] for error in errors] == ["version-is-a-number", "not-a-list"]
    assert errors[1]["place"] == {"file": "mainstay.yaml", "line": 3, "column": 27, "path": "services.web.command"}


def test_validate_names_the_environment_that_up_needs(tmp_path: Path) -> None:
    text = "system: shop\nversion: 1.0.0\nenvironments: {staging: {}}\nservices: {web: {command: [x]}}\n"
    (tmp_path / "mainstay.yaml").write_text(text)
    assert " next: mainstay -e staging up\n" in mainstay(tmp_path, "validate").out
    assert " next: mainstay -e staging up\n" in mainstay(tmp_path, "-e", "staging", "validate").out


def test_the_schema_describes_every_key(tmp_path: Path) -> None:
    schema = json.loads(mainstay(tmp_path, "schema").out)
    parts = [schema, *schema["$defs"].values()]
    found = [(part["title"], key, value) for part in parts for key, value in part["properties"].items()]
    assert [(title, key) for title, key, value in found if "description" not in value] == []
    assert all(part["additionalProperties"] is False for part in parts)
