"""Resolve: a manifest and a look become a release in which nothing is left to look up."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from mainstay.drivers.world import World
from mainstay.errors import BadInput, ManifestInvalid
from mainstay.history.summary import History
from mainstay.manifest import Manifest, load
from mainstay.model import Health, Listener, Release, Secret, SecretRef, SourceTree, Strategy
from mainstay.planning.deploy import deploy
from mainstay.planning.facts import Snapshot, look
from mainstay.planning.resolve import at_version, declares, resolve
from tests.fakes.datastore import FakeDatastore
from tests.fakes.world import fake_world
from tests.planning.test_facts import SHOP

Plans = Callable[..., Release]


class Project:
    """A folder with a manifest, and a world."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = FakeDatastore()
        self.world: World = fake_world(folder, datastores={"db": self.store})
        self.world.sealed.keep("TOKEN", Secret("x"))
        for name in ("api", "web", "migrations"):
            (folder / name).mkdir()
            (folder / name / "file").write_text(name)

    def manifest(self, text: str = SHOP, environment: str | None = None) -> Manifest:
        (self.folder / "mainstay.yaml").write_text(text)
        return load(self.folder / "mainstay.yaml", environment)

    def now(self, manifest: Manifest, serving: Release | None = None) -> Snapshot:
        seen = look(self.world, History(highest=serving.number if serving else 0), manifest)
        return msgspec.structs.replace(seen, release=serving)

    def release(self, text: str = SHOP, serving: Release | None = None, environment: str | None = None) -> Release:
        manifest = self.manifest(text, environment)
        return resolve(manifest, self.now(manifest, serving))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_service_gets_the_variables_it_lists_and_no_others(project: Project) -> None:
    services = project.release().services
    api, web = services["api"].workload.environment, services["web"].workload.environment
    assert set(api) == {"PATH", "LANG", "TZ", "DATABASE_URL", "LOG_LEVEL", "TOKEN"}
    assert set(web) == {"PATH", "LANG", "TZ", "API_URL"}
    assert (api["LOG_LEVEL"], api["TOKEN"], web["API_URL"]) == ("info", SecretRef("TOKEN", 1), Listener("api"))


def test_path_language_and_zone_are_fixed_whatever_the_shell_exports(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = project.release()
    for name, value in {"PATH": "/opt/tools:/bin", "LANG": "de_DE.UTF-8", "TZ": "Asia/Tokyo", "HOME": "/opt"}.items():
        monkeypatch.setenv(name, value)
    assert project.release() == before
    environment = before.services["web"].workload.environment
    assert (environment["LANG"], environment["TZ"]) == ("C.UTF-8", "UTC")
    assert environment["PATH"] == "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def test_a_service_that_lists_path_gets_the_declared_one_and_other_content(project: Project) -> None:
    text = SHOP.replace("variables:\n", "variables:\n  PATH: {default: /opt/tools:/usr/bin}\n", 1)
    undeclared, unlisted = project.release(), project.release(text)
    listed = project.release(text.replace("[API_URL]", "[API_URL, PATH]"))
    assert listed.services["web"].workload.environment["PATH"] == "/opt/tools:/usr/bin"
    keys = [release.services["web"].workload.artifact for release in (undeclared, unlisted, listed)]
    assert keys[0] == keys[1] != keys[2]
    assert listed.services["api"].workload == undeclared.services["api"].workload


@pytest.mark.parametrize("name", ["PATH", "LANG", "TZ"])
def test_a_path_is_neither_secret_nor_an_address(project: Project, name: str) -> None:
    for declared in ("{secret: true, generate: true}", "{from: api}"):
        with pytest.raises(ManifestInvalid, match=f"{name} is part of every release in clear"):
            project.manifest(SHOP.replace("variables:\n", f"variables:\n  {name}: {declared}\n", 1))


def test_a_service_reaches_its_datastore_as_the_application_and_never_as_the_owner(project: Project) -> None:
    url = project.release().services["api"].workload.environment["DATABASE_URL"]
    assert url == project.store.address()
    assert url != project.store.address("reader")


def test_no_release_holds_a_secret(project: Project) -> None:
    project.world.sealed.keep("TOKEN", Secret("do-not-show"))
    assert b"do-not-show" not in msgspec.json.encode(project.release())


def test_secrets_are_delivered_as_files_where_declared(project: Project) -> None:
    release = project.release(SHOP.replace("source: api\n", "source: api\n    deliver: file\n"))
    workload = release.services["api"].workload
    assert set(workload.files) == {"DATABASE_URL", "TOKEN"}
    assert "TOKEN" not in workload.environment


def test_braces_are_replaced_and_all_others_left_alone(project: Project) -> None:
    text = SHOP.replace("info}", '"{version} {Other} $X"}')
    release = project.release(text)
    assert release.services["web"].workload.command[2] == "--version=1.0.0"
    assert release.services["api"].workload.environment["LOG_LEVEL"] == "1.0.0 {Other} $X"


def test_an_instances_address_stays_in_the_command_until_it_starts(project: Project) -> None:
    workload = project.release(SHOP.replace('"--version={version}"', '"{host}:{port}"')).services["web"].workload
    assert workload.command[2] == "{host}:{port}"


def test_a_command_that_names_uv_needs_it_in_its_content(project: Project) -> None:
    release = project.release(SHOP.replace('"--version={version}"', '"{uv}"'))
    uv = str(project.world.folders.programs / "uv")
    web, api = (release.artifacts[release.services[name].workload.artifact] for name in ("web", "api"))
    assert isinstance(web, SourceTree)
    assert isinstance(api, SourceTree)
    assert uv in web.check
    assert uv not in api.check


def test_defaults_are_those_of_the_contract(project: Project) -> None:
    api, web = project.release().services["api"], project.release().services["web"]
    assert (api.replicas, api.workload.drain_s, api.workload.stop_grace_s, api.workload.stop_signal) == (
        1,
        30,
        10,
        "SIGTERM",
    )
    assert (api.workload.steady_s, api.strategy) == (2, Strategy("blue-green", settle_s=0))
    assert api.workload.health == Health("http", "/ready", within_s=30, every_s=5, limit_s=1)
    assert web.workload.health.kind == "tcp"


def test_the_edge_shows_the_release_in_local(project: Project) -> None:
    edge = project.release().edge
    assert edge is not None
    assert (edge.http, edge.release_header) == (8080, True)


def test_callees_are_needed_services_and_those_whose_address_is_read(project: Project) -> None:
    release = project.release()
    assert release.services["api"].needs == ("db",)
    assert release.services["web"].needs == ("api",)


def test_resolving_the_same_manifest_again_changes_nothing(project: Project) -> None:
    first = project.release()
    project.store.ran, again = ["0001_orders"], project.manifest()
    now = project.now(again, first)
    second = resolve(again, now)
    assert second.fingerprint == first.fingerprint
    assert declares(second, first)
    assert second.brought == ()


def test_only_changed_services_get_a_new_revision(project: Project) -> None:
    first = project.release()
    (project.folder / "web" / "file").write_text("other")
    second = project.release(SHOP.replace("1.0.0", "1.1.0"), first)
    assert second.brought == ("web",)
    assert (second.services["api"].revision, second.services["api"].version) == (1, "1.0.0")
    assert (second.services["web"].revision, second.services["web"].version) == (2, "1.1.0")
    assert second.datastores["db"].revision == 1


@pytest.mark.parametrize(
    ("old", "new"),
    [("1.0.0", "1.0.1"), ("replicas: 2", "replicas: 3"), ("routes: [", "timeouts: {answer: 5s}\n  routes: [")],
    ids=["the version", "the replicas", "the edge"],
)
def test_a_change_of_the_manifest_alone_replaces_no_service_that_is_copied_with_it(
    project: Project, old: str, new: str
) -> None:
    text = SHOP.replace("    source: web\n", "    replicas: 2\n").replace(', "--version={version}"', "")
    first = project.release(text)
    assert first.services["web"].workload.artifact in first.artifacts
    assert project.release(text.replace(old, new), first).brought == ()


def test_a_service_whose_own_settings_changed_is_replaced_and_not_built_again(project: Project) -> None:
    text = SHOP.replace("    source: api\n", "").replace("    source: web\n", "    drain: 1s\n")
    first = project.release(text)
    second = project.release(text.replace("drain: 1s", "drain: 2s"), first)
    assert second.brought == ("web",)
    assert second.services["web"].workload.artifact == first.services["web"].workload.artifact


def test_services_that_share_a_folder_and_a_build_share_the_content(project: Project) -> None:
    release = project.release(SHOP.replace("source: web", "source: api"))
    assert release.services["api"].workload.artifact == release.services["web"].workload.artifact
    assert len(release.artifacts) == 2


def test_a_datastore_is_at_its_last_migration_when_all_have_run(project: Project) -> None:
    store = project.release().datastores["db"]
    assert store.schema == "0001_orders"
    assert store.migrations in project.release().artifacts


STAGING = SHOP + "environments: {local: {}, staging: {}}\n"


def test_one_version_has_one_content_outside_of_local(project: Project) -> None:
    first = project.release(STAGING, environment="staging")
    (project.folder / "web" / "file").write_text("other")
    with pytest.raises(BadInput, match=r"web has changed since version 1\.0\.0, which is live"):
        project.release(STAGING, first, environment="staging")
    assert "web" in project.release(STAGING, first, environment="local").brought


def test_a_version_is_refused_where_no_source_contains_it(project: Project) -> None:
    manifest = project.manifest()
    assert at_version(manifest, None) == at_version(manifest, "1.0.0") == manifest
    with pytest.raises(BadInput, match=r"contains \{version\}"):
        at_version(manifest, "2.0.0")


def test_a_version_chooses_the_tag_where_a_source_contains_it(project: Project) -> None:
    text = SHOP.replace("source: web", 'source: {git: web, ref: "v{version}"}')
    assert at_version(project.manifest(text), "2.0.0").version == "2.0.0"


def test_a_required_variable_without_a_value_is_bad_input(project: Project) -> None:
    with pytest.raises(BadInput, match=r"no value for 1 variable: REGION \(read by api\)") as refused:
        project.release(SHOP.replace("REGION: {required: false}", "REGION: {}"))
    assert refused.value.remedy == "mainstay set REGION=…"


def test_a_missing_interpreter_is_refused_when_a_placeholder_names_it(project: Project) -> None:
    manifest = project.manifest()
    now = project.now(manifest)
    now = msgspec.structs.replace(now, target=msgspec.structs.replace(now.target, python=""))
    with pytest.raises(BadInput, match=r"no Python 3\.11 or later"):
        resolve(manifest, now)


def test_the_plan_of_a_manifest_names_what_it_will_do(project: Project) -> None:
    manifest = project.manifest()
    now = project.now(manifest)
    plan = deploy(resolve(manifest, now), now)
    assert [phase.name for phase in plan.phases] == ["fetch", "provide", "migrate", "release"]
    assert any(note.startswith("{python} is ") for note in plan.notes)
