"""A service in a plan: every setting in the words of the manifest, and only those that change."""

from typing import Any

import pytest
from msgspec.structs import replace

from mainstay.model import Artifact, Health, SecretRef, ServiceRelease, Source, SourceTree, Strategy, Workload
from mainstay.model.workload import Volume
from mainstay.planning.diff import changes_between
from tests.shop import release

Change = tuple[str, object, object]
WORKLOAD: list[tuple[str, object, Change]] = [
    ("command", ("run", "a b"), ("command", "python3 web.py", "run 'a b'")),
    ("environment", {"PATH": "/bin"}, ("variables.PATH", "/usr/bin", "/bin")),
    ("files", {"KEY": SecretRef("KEY", 4)}, ("variables.KEY (in a file)", None, "secret KEY (version 4)")),
    ("listens", False, ("port", "set", None)),
    ("overlap", True, ("overlap", False, True)),
    ("steady_s", 10.0, ("steady", "2s", "10s")),
    ("drain_s", 300.0, ("drain", "30s", "5m")),
    ("stop_grace_s", 0.5, ("stop_grace_period", "10s", "0.5s")),
    ("stop_signal", "SIGINT", ("stop_signal", "SIGTERM", "SIGINT")),
    ("restart", "no", ("restart", "unless-stopped", "no")),
    ("user", "shop", ("user", None, "shop")),
    ("memory_bytes", 512 * 2**20, ("resources.memory", None, "512Mi")),
    ("cpus", 0.5, ("resources.cpus", None, 0.5)),
    ("open_files", 64, ("ulimits.nofile", 65536, 64)),
    ("volumes", (Volume("up", "data/up"), Volume("b", "/b")), ("volumes", None, "up:data/up, b:/b")),
    ("read_only", False, ("read_only", True, False)),
]
"""A field of a workload, another value, and the change that a plan then shows."""
HEALTH: list[tuple[str, object, Change]] = [
    ("ready", "/up", ("health.ready", "/ready", "/up")),
    ("live", "/live", ("health.live", None, "/live")),
    ("stuck_after_s", 60.0, ("health.stuck_after", "30s", "1m")),
    ("command", ("check", "me"), ("health.command", None, "check me")),
    ("file", "beat", ("health.file", None, "beat")),
    ("newer_than_s", 60.0, ("health.newer_than", "30s", "1m")),
    ("within_s", 60.0, ("health.within", "30s", "1m")),
    ("every_s", 2.0, ("health.interval", "5s", "2s")),
    ("limit_s", 3.0, ("health.timeout", "1s", "3s")),
]
STRATEGY: list[tuple[str, object, Change]] = [
    ("kind", "canary", ("strategy.kind", "blue-green", "canary")),
    ("percent", (5.0, 12.5), ("strategy.percent", None, "5, 12.5")),
    ("hold_s", 300.0, ("strategy.hold", "2m", "5m")),
    ("settle_s", 60.0, ("strategy.settle", "0s", "1m")),
    ("revert_after_s", 90.0, ("strategy.revert_after", "1m", "90s")),
    ("when_quiet", "pass", ("strategy.when_quiet", "hold", "pass")),
]
UNDECLARED = {"service", "artifact", "folder", "health", "port_variable", "datastore"}
"""Fields of a workload that no key of the manifest sets, and those with tests of their own."""
WEB = release(1).services["web"]


def changes(web: ServiceRelease, **artifacts: Artifact) -> list[Change]:
    old = release(1)
    new = replace(old, services=old.services | {"web": web}, artifacts=old.artifacts | artifacts)
    found = changes_between(old, new, {})
    return [(each.path.removeprefix("services.web."), each.before, each.after) for each in found]


def with_workload(**fields: Any) -> ServiceRelease:
    return replace(WEB, workload=replace(WEB.workload, **fields))


@pytest.mark.parametrize(("field", "value", "shown"), WORKLOAD, ids=[each[0] for each in WORKLOAD])
def test_a_changed_workload_is_shown_in_the_words_of_the_manifest(field: str, value: object, shown: Change) -> None:
    found = changes(with_workload(**{field: value}))
    assert shown in found
    assert len(found) == 1 or field == "environment"


@pytest.mark.parametrize(("field", "value", "shown"), HEALTH, ids=[each[0] for each in HEALTH])
def test_a_changed_probe_is_shown_in_the_words_of_the_manifest(field: str, value: object, shown: Change) -> None:
    assert changes(with_workload(health=replace(WEB.workload.health, **{field: value}))) == [shown]


@pytest.mark.parametrize(("field", "value", "shown"), STRATEGY, ids=[each[0] for each in STRATEGY])
def test_a_changed_strategy_is_shown_in_the_words_of_the_manifest(field: str, value: object, shown: Change) -> None:
    assert changes(replace(WEB, strategy=replace(WEB.strategy, **{field: value}))) == [shown]


def test_every_setting_is_shown() -> None:
    assert {each[0] for each in WORKLOAD} | UNDECLARED == set(Workload.__struct_fields__)
    assert {each[0] for each in HEALTH} | {"kind"} == set(Health.__struct_fields__)
    assert {each[0] for each in STRATEGY} == set(Strategy.__struct_fields__)


def test_changed_files_and_build_commands_are_shown() -> None:
    built = SourceTree("k", "d" * 64, Source("/shop/web"), build=(("npm", "ci"), ("npm", "run", "b c")))
    assert changes(with_workload(artifact="k"), k=built) == [
        ("source", "files 1", f"files {'d' * 12}"),
        ("build", None, "npm ci && npm run 'b c'"),
    ]


def test_a_new_revision_of_an_unchanged_declaration_is_explained() -> None:
    assert changes(with_workload(artifact="other"), other=release(1).artifacts[WEB.workload.artifact]) == [
        ("services.web", "as resolved before", "resolved by another Mainstay or interpreter")
    ]


def test_a_number_of_replicas_is_shown() -> None:
    assert changes(replace(WEB, replicas=3)) == [("replicas", 2, 3)]
