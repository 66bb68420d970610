"""The manifest that is loaded: defaults, overrides, YAML 1.2, and the order of its services."""

import json
from pathlib import Path

import pytest

from mainstay.errors import BadInput
from mainstay.manifest import load
from mainstay.manifest.document import read
from mainstay.manifest.load import report
from mainstay.manifest.service import VolumeSection
from mainstay.manifest.validate import check
from mainstay.model import DatastoreSupport
from tests.manifest.written import HELLO, loaded, mistakes, warnings, write

PLACES = (
    HELLO
    + """\
variables: {LOG: info}
environments:
  local:
  staging:
    version: 1.1.0
    services: {web: {replicas: 3, health: null, command: [other]}}
    variables: {LOG: {default: debug}}
    edge: {http: auto}
"""
)


def test_the_smallest_manifest_is_enough(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, HELLO)
    web = manifest.services["web"]
    assert (manifest.environment, manifest.target.kind, manifest.edge.http) == ("local", "process", 8080)
    assert (web.replicas, web.drain, web.stop_grace_period, web.strategy.kind) == (1, 30, 10, "blue-green")


def test_waits_are_shorter_in_local(tmp_path: Path) -> None:
    web = loaded(tmp_path, HELLO).services["web"]
    staged = loaded(tmp_path, PLACES, "staging").services["web"]
    assert (web.steady, web.strategy.settle) == (2, 0)
    assert (staged.steady, staged.strategy.settle) == (10, 60)


def test_declared_times_apply_in_local_too(tmp_path: Path) -> None:
    text = HELLO.replace("port: 8000", "port: 8000\n    steady: 7s\n    strategy: {kind: canary, settle: 3s}")
    web = loaded(tmp_path, text).services["web"]
    assert (web.steady, web.strategy.kind, web.strategy.settle) == (7, "canary", 3)


def test_an_environment_merges_replaces_and_removes(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, PLACES, "staging")
    web = manifest.services["web"]
    assert (manifest.version, manifest.edge.http, manifest.variables["LOG"].default) == ("1.1.0", 0, "debug")
    assert (web.replicas, web.command, web.health.ready, web.port) == (3, ("other",), None, 8000)
    assert manifest.overridden == {"LOG"}


def test_a_mistake_in_an_override_has_the_overrides_place(tmp_path: Path) -> None:
    text = PLACES.replace("replicas: 3", "replicas: many")
    found = mistakes(tmp_path, text, "staging")
    assert [each.partition("yaml:")[2] for each in found] == [
        (
            "15:32: expected a whole number, found 'many' (services.web.replicas); "
            "write a whole number, like 2 [not-a-whole-number]"
        )
    ]


def test_another_environments_mistake_does_not_stop_this_one(tmp_path: Path) -> None:
    text = PLACES.replace("replicas: 3", "replicas: many")
    assert mistakes(tmp_path, text) == []


@pytest.mark.bad_input("B37")
def test_an_unknown_environment_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        loaded(tmp_path, PLACES, "stagng")
    assert refused.value.remedy == "did you mean 'staging'?"


def test_without_local_the_environment_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        loaded(tmp_path, HELLO + "environments: {production: {}}\n")
    assert refused.value.remedy == "add -e production"


@pytest.mark.bad_input("B9", "B11")
@pytest.mark.parametrize("word", ["no", "on", "22:22", "2026-11-21", "yes", "~x"])
def test_words_stay_strings(tmp_path: Path, word: str) -> None:
    text = HELLO + f"variables: {{WORD: {word}}}\n"
    assert loaded(tmp_path, text).variables["WORD"].default == word


@pytest.mark.parametrize("number", ["8080", "1.10", "0x1F", "1e3"])
def test_a_number_in_a_text_keeps_its_written_form(tmp_path: Path, number: str) -> None:
    text = HELLO.replace("app.py", number)
    assert loaded(tmp_path, text).services["web"].command[1] == number


@pytest.mark.bad_input("B12")
def test_a_leading_zero_is_read_as_decimal_with_a_warning(tmp_path: Path) -> None:
    text = HELLO.replace("8000", "080")
    assert loaded(tmp_path, text).services["web"].port == 80
    assert [warning.code for warning in warnings(tmp_path, text)] == ["leading-zero"]


@pytest.mark.parametrize(
    ("written", "seconds"), [("500ms", 0.5), ("30s", 30), ("1h30m", 5400), ("7d", 604800), ("0", 0), ("1.5s", 1.5)]
)
def test_durations(tmp_path: Path, written: str, seconds: float) -> None:
    text = HELLO.replace("port: 8000", f"port: 8000\n    drain: {written}")
    assert loaded(tmp_path, text).services["web"].drain == seconds


@pytest.mark.parametrize(("written", "size"), [("512Mi", 2**29), ("4Gi", 2**32), ("10MB", 10**7), ("1GiB", 2**30)])
def test_sizes(tmp_path: Path, written: str, size: int) -> None:
    text = HELLO.replace("port: 8000", f"port: 8000\n    resources: {{memory: {written}}}")
    assert loaded(tmp_path, text).services["web"].resources.memory == size


def test_a_volume_is_a_name_and_a_path(tmp_path: Path) -> None:
    text = HELLO.replace("port: 8000", "port: 8000\n    volumes: [uploads:data/uploads]")
    assert loaded(tmp_path, text).services["web"].volumes == (VolumeSection(name="uploads", path="data/uploads"),)


def test_callees_come_first(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, """\
        system: shop
        version: 1.0.0
        variables: {STOCK_URL: {from: stock}, DATABASE_URL: {from: db}}
        services:
          front: {command: [x], port: 80, variables: [STOCK_URL]}
          mail: {command: [x], needs: [front]}
          stock: {command: [x], port: 80, variables: [DATABASE_URL]}
        datastores: {db: {kind: postgres}}
        """)  # fmt: skip
    assert manifest.in_order() == ("stock", "front", "mail")
    assert manifest.callees("stock") == ("db",)


def test_services_may_have_each_others_address(tmp_path: Path) -> None:
    manifest = loaded(tmp_path, """\
        system: shop
        version: 1.0.0
        variables: {A_URL: {from: a}, B_URL: {from: b}}
        services:
          a: {command: [x], port: 80, variables: [B_URL], needs: [b]}
          b: {command: [x], port: 80, variables: [A_URL]}
        """)  # fmt: skip
    assert manifest.in_order() == ("b", "a")


def test_a_key_that_does_not_work_yet_is_a_warning(tmp_path: Path) -> None:
    text = HELLO + "objectives: {error_rate: {warning: 0.1%}}\n"
    assert [warning.what for warning in warnings(tmp_path, text)] == ["'objectives' does not work yet and is ignored"]


def test_every_environment_is_validated(tmp_path: Path) -> None:
    text = PLACES + "  production: {target: kubernetes}\n"
    found = report(write(tmp_path, text), None)
    assert found.environments == ("local", "staging", "production")
    assert "not-yet" in {warning.code for warning in found.warnings}


@pytest.mark.parametrize("version", ["18", 18, None])
def test_a_version_that_the_driver_runs_is_accepted(tmp_path: Path, version: object) -> None:
    store = json.dumps({"kind": "postgres"} | ({"version": version} if version else {}))
    path = write(tmp_path, HELLO + f"datastores: {{db: {store}}}\n")
    assert load(path, support=lambda kind: DatastoreSupport(("18",))).datastores["db"].version == (
        version and str(version)
    )
    assert report(path, None, lambda kind: DatastoreSupport(("18",))).datastores == 1


@pytest.mark.parametrize(
    ("migrations", "forms", "code"),
    [
        ("{sql: migrations}", (), "no-schema"),
        ("{run: [x], service: web}", ("sql",), "not-yet"),
        ("{sql: migrations}", ("sql",), ""),
    ],
    ids=["a kind without schema", "another tool", "files"],
)
def test_migrations_must_have_a_form_that_the_driver_accepts(
    tmp_path: Path, migrations: str, forms: tuple[str, ...], code: str
) -> None:
    (tmp_path / "migrations").mkdir()
    path = write(tmp_path, HELLO + f"datastores: {{db: {{kind: redis, migrations: {migrations}}}}}\n")
    found = check(read(path), path, "local", lambda kind: DatastoreSupport(migrations=forms)).mistakes
    assert [mistake.code for mistake in found] == [code] * bool(code)


@pytest.mark.bad_input("B1")
def test_the_remedy_for_a_missing_file_is_init(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as refused:
        load(tmp_path / "mainstay.yaml")
    assert refused.value.remedy == "mainstay init"
