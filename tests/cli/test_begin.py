"""`init`, `validate`, `schema`: from an empty folder to a right manifest."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from mainstay.cli.commands.init import system_name
from mainstay.drivers import wiring
from mainstay.system.clock import SystemClock, Waiter
from tests.cli.typed import typed


def test_init_writes_what_validates(tmp_path: Path) -> None:
    folder = tmp_path / "My Shop.2"
    folder.mkdir()
    assert typed(folder, "init") == (0, "wrote mainstay.yaml and app.py\n next: mainstay up\n", "")
    said = typed(folder, "validate")
    told = (
        "mainstay.yaml: my-shop-2 1.0.0 for local: 1 service, 0 datastores, 1 route; no mistakes\n next: mainstay up\n"
    )
    assert said == (0, told, "")


@pytest.mark.parametrize(
    ("folder", "system"),
    [("hello", "hello"), ("My Shop.2", "my-shop-2"), ("3-Wörter_", "w-rter"), ("42", "app"), ("x" * 80, "x" * 63)],
)
def test_the_system_is_named_after_the_folder(folder: str, system: str) -> None:
    assert system_name(folder) == system


@pytest.mark.parametrize(
    ("there", "remedy"), [("mainstay.yaml", "mainstay validate"), ("app.py", "mainstay init in an empty folder")]
)
def test_init_overwrites_nothing(tmp_path: Path, there: str, remedy: str) -> None:
    (tmp_path / there).write_text("mine")
    said = typed(tmp_path, "init")
    assert (said.code, said.err) == (
        2,
        f"error: {tmp_path} contains {there} already; nothing was written\n next: {remedy}\n",
    )
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("command", ["up", "deploy", "plan", "status", "logs web", "down", "history"])
def test_a_system_whose_name_is_invalid_is_refused_with_the_rule(tmp_path: Path, command: str) -> None:
    (tmp_path / "mainstay.yaml").write_text("# ours\nsystem: 'Err App' # our app\nversion: 1.0.0\n")
    said = typed(tmp_path, *command.split(), MAINSTAY_STATE="")
    assert said.code == 2
    told = "mainstay.yaml:2:9: 'Err App' is not a name, so the system's state cannot be found\n"
    assert told in said.err
    assert "use a-z, 0-9 and '-', start with a letter, end with a letter or digit, at most 63 characters" in said.err


def test_the_starter_answers_and_ends_when_asked(tmp_path: Path) -> None:
    typed(tmp_path, "init")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = {"HOST": "127.0.0.1", "PORT": str(port), "MAINSTAY_VERSION": "1.0.0", "PATH": os.environ["PATH"]}
    app = subprocess.Popen([sys.executable, "app.py"], cwd=tmp_path, env=told, stdout=subprocess.DEVNULL)
    try:
        Waiter(SystemClock()).wait_until(lambda: answers(port), within=10, waiting_for="the starter")
        assert "1.0.0" in asked(port, "/")
        app.send_signal(signal.SIGTERM)
        assert app.wait(timeout=5) == 0
    finally:
        app.kill()
        app.wait()


def answers(port: int) -> bool:
    try:
        return asked(port, "/health") == "well\n"
    except OSError:
        return False


def asked(port: int, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
        text: str = answer.read().decode()
    return text


def test_validate_tells_every_mistake(tmp_path: Path) -> None:
    (tmp_path / "mainstay.yaml").write_text("system: shop\nversion: 1.10\nservices: {web: {command: x}}\n")
    said = typed(tmp_path, "validate")
    assert said == (
        2,
        "",
        (
            'mainstay.yaml:2:10: YAML reads 1.10 as the number 1.1 (version); write "1.10" with quotes '
            "[version-is-a-number]\n"
            "mainstay.yaml:3:27: a list is needed, found 'x' (services.web.command); write [x] [not-a-list]\n"
            "2 mistakes; nothing was changed\n"
        ),
    )


def test_a_datastore_version_that_cannot_run_is_refused_by_validate_and_plan(tmp_path: Path) -> None:
    support = wiring.datastore_support("postgres")
    assert support
    (major,) = support.versions
    typed(tmp_path, "init")
    with (tmp_path / "mainstay.yaml").open("a") as manifest:
        manifest.write("datastores: {db: {kind: postgres, version: '9.6'}}\n")
    told = (
        f"mainstay.yaml:10:44: db asks for version 9.6, but the embedded Postgres is {major} (datastores.db.version); "
        f'write version: "{major}", or leave it out [unsupported-version]\n'
    )
    for command in ("validate", "plan"):
        said = typed(tmp_path, command)
        assert (said.code, told in said.err) == (2, True), said


def test_data_of_another_major_version_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    typed(folder, "init")
    with (folder / "mainstay.yaml").open("a") as manifest:
        manifest.write("datastores: {db: {kind: postgres}}\n")
    cluster = tmp_path / "shop-state" / "data" / "db" / "cluster"
    cluster.mkdir(parents=True)
    (cluster / "PG_VERSION").write_text("9.6\n")
    (cluster / "postmaster.opts").touch()
    said = typed(folder, "plan")
    assert (said.code, "the data of db was written by Postgres 9.6" in said.err) == (2, True), said
    assert {path.name for path in cluster.iterdir()} == {"PG_VERSION", "postmaster.opts"}
    assert not (tmp_path / "shop-state" / "journal.db").exists()


def test_validate_in_json_has_every_mistake_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "mainstay.yaml").write_text("system: shop\nversion: 1.10\nservices: {web: {command: x}}\n")
    said = typed(tmp_path, "validate", "--output", "json")
    errors = json.loads(said.err)["errors"]
    assert [error["code"] for error in errors] == ["version-is-a-number", "not-a-list"]
    assert errors[1]["place"] == {"file": "mainstay.yaml", "line": 3, "column": 27, "path": "services.web.command"}


def test_the_schema_explains_every_key(tmp_path: Path) -> None:
    schema = json.loads(typed(tmp_path, "schema").out)
    parts = [schema, *schema["$defs"].values()]
    keys = [(part["title"], key) for part in parts for key, told in part["properties"].items() if not said_of(told)]
    assert keys == []
    assert all(part["additionalProperties"] is False for part in parts)


def said_of(told: dict[str, object]) -> bool:
    return "description" in told
