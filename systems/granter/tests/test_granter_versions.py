"""Versions 2.1.0 and 2.1.1: the changes, both running concurrently, and the detection of the faulty one."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from granter_backend import Caller, variables
from granter_deployment import Granter, starting
from granter_postgres import ROOT
from granter_services import Service, get
from granter_smoke import Flow, UnexpectedResponse

pytestmark = pytest.mark.requirement("Q3")

VERSIONS = ROOT / "versions"
LAST_LOGIN = "0009_last_login.sql"
Tree = Callable[[str], Path]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    """A function that returns the tree of a version, created by applying its patch."""
    made = tmp_path_factory.mktemp("versions")

    def of(version: str) -> Path:
        place = made / version
        if not place.exists():
            shutil.copytree(ROOT, place, ignore=shutil.ignore_patterns(".venv", "__pycache__", "tests", "docs"))
            command = ["git", "apply", str(VERSIONS / f"{version}.patch")]
            subprocess.run(command, cwd=place, check=True, env={"PATH": "/usr/bin:/bin"})
        return place

    return of


@dataclass(frozen=True)
class Release:
    """backend-core and web-frontend of one version, over the data of the granter."""

    backend: Service
    web: Service

    @property
    def addresses(self) -> dict[str, str]:
        return {"/api": self.backend.url, "/": self.web.url}


@pytest.fixture(scope="module")
def migrated(granter: Granter, tree: Tree) -> Granter:
    granter.postgres.migrate(granter.database, tree("2.1.0") / "migrations" / LAST_LOGIN)
    return granter


def released(granter: Granter, source: Path, folder: Path) -> Iterator[Release]:
    address = f"postgresql://granter_app:unused@127.0.0.1:{granter.postgres.port}/{granter.database}"
    with starting(folder) as start:
        backend = start("backend-core", source=source, **variables(address, granter.data.url)).ready()
        values = {"BACKEND_URL": backend.url, "MAINSTAY_VERSION": source.name}
        yield Release(backend, start("web-frontend", source=source, **values).ready())


@pytest.fixture(scope="module")
def newer(migrated: Granter, tree: Tree, folder: Path) -> Iterator[Release]:
    yield from released(migrated, tree("2.1.0"), folder)


@pytest.fixture(scope="module")
def faulty(migrated: Granter, tree: Tree, folder: Path) -> Iterator[Release]:
    yield from released(migrated, tree("2.1.1"), folder)


@pytest.mark.parametrize("version", ["2.1.0", "2.1.1"])
def test_a_patch_applies_and_sets_its_version(tree: Tree, version: str) -> None:
    assert "\nversion: 2.0.0\n" in (ROOT / "mainstay.yaml").read_text()
    assert f"\nversion: {version}\n" in (tree(version) / "mainstay.yaml").read_text()


@pytest.mark.parametrize("version", ["2.1.0", "2.1.1"])
def test_the_patches_do_not_change_the_data_service_or_the_sites(version: str) -> None:
    words = (VERSIONS / f"{version}.patch").read_text()
    changed = {line.split("/")[1] for line in words.splitlines() if line.startswith("+++ b/")}
    assert changed == {"mainstay.yaml", "migrations", "backend-core", "web-frontend"}


def test_the_migration_only_adds(tree: Tree) -> None:
    words = re.sub(r"--.*", "", (tree("2.1.0") / "migrations" / LAST_LOGIN).read_text()).casefold()
    assert not re.search(r"\b(drop|rename|delete|update|truncate|not null)\b", words)


def test_the_migration_can_be_reverted(migrated: Granter, tree: Tree) -> None:
    migrated.postgres.database("last_login")
    question = (
        "select count(*) from information_schema.columns where table_name = 'accounts' and column_name = 'last_login'"
    )
    columns = []
    for folder in ("", "back", ""):
        migrated.postgres.migrate("last_login", tree("2.1.0") / "migrations" / folder / LAST_LOGIN)
        columns.append(int(migrated.postgres.execute("last_login", question)))
    assert columns == [1, 0, 1]


def test_a_visitor_sees_which_version_serves_and_what_closes_soon(granter: Granter, newer: Release) -> None:
    page = get(newer.web.url + "/").body
    assert "GRANTER 2.1.0" in page
    assert "Closing soon" in page
    assert "Closing soon" not in get(granter.web.url + "/").body
    (address,) = re.findall(r'href="(/\?[^"]*deadline_before[^"]*)">Closing soon', page)
    assert get(newer.web.url + address.replace("&amp;", "&")).status == 200


def test_both_versions_run_concurrently(granter: Granter, newer: Release) -> None:
    older, fresh = Caller(granter.backend.url), Caller(newer.backend.url)
    _, tokens = older.new_account()
    assert fresh.get("/api/auth/me", tokens["access_token"]).json()["last_login"] is None
    pair = fresh.refresh(tokens["refresh_token"]).json()
    assert older.get("/api/auth/me", pair["access_token"]).status_code == 200
    email, _ = fresh.new_account()
    assert fresh.get("/api/auth/me", older.log_in(email).json()["access_token"]).json()["last_login"]


def test_the_account_shows_its_last_login(newer: Release) -> None:
    caller = Caller(newer.backend.url)
    _, tokens = caller.new_account()
    assert caller.get("/api/auth/me", tokens["access_token"]).json()["last_login"] is not None


FLOWS = sorted((ROOT / "smoke").glob("*.yaml"))


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_the_new_version_passes_every_flow(newer: Release, path: Path) -> None:
    Flow(newer.addresses).run(path)


@pytest.mark.parametrize("path", ["/live", "/ready", "/health", "/ping"])
def test_the_probes_of_the_faulty_version_pass(faulty: Release, path: str) -> None:
    assert [get(url + path).status for url in faulty.addresses.values()] == [200, 200]


def test_the_search_flow_fails_for_the_faulty_version(faulty: Release) -> None:
    with pytest.raises(UnexpectedResponse, match=r"GET /api/search.*status is 500"):
        Flow(faulty.addresses).run(ROOT / "smoke" / "search.yaml")


@pytest.mark.parametrize("name", ["auth", "extraction", "health", "scraper"])
def test_the_other_flows_pass_for_the_faulty_version(faulty: Release, name: str) -> None:
    Flow(faulty.addresses).run(ROOT / "smoke" / f"{name}.yaml")


def test_the_error_rate_reveals_the_faulty_version(faulty: Release) -> None:
    caller = Caller(faulty.backend.url)
    answers = [caller.get(f"/api/search?page={page}").status_code for page in range(1, 6)]
    assert answers.count(500) >= 2
    assert 'endpoint="/api/search",status="500"' in caller.get("/metrics").text.replace(", ", ",")
