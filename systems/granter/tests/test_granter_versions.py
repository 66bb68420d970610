"""Version 2.1.0 over 2.0.0: what changes, and that both serve side by side."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from granter_postgres import ROOT, Postgres
from granter_services import TOKEN, Service, get
from granter_town import Town, starting

PATCH = ROOT / "versions" / "2.1.0.patch"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree of 2.1.0."""
    tree = tmp_path_factory.mktemp("next") / "granter"
    shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(".venv", "__pycache__", "tests", "docs"))
    done = subprocess.run(
        ["git", "apply", str(PATCH)],
        cwd=tree,
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    return tree


@pytest.fixture(scope="module")
def newer(town: Town, tree: Path, folder: Path) -> Iterator[Service]:
    """The web-frontend of 2.1.0 beside that of 2.0.0, over the same data-service."""
    town.postgres.migrate(town.database, tree / "migrations" / "0002_deadlines.sql")
    with starting(folder) as start:
        variables = {"DATA_SERVICE_URL": town.data.url, "SERVICE_TOKEN": TOKEN, "MAINSTAY_VERSION": "2.1.0"}
        yield start("web-frontend", source=tree, **variables).ready()


def today() -> date:
    return datetime.now(UTC).date()


def test_the_patch_leads_from_one_version_to_the_next(tree: Path) -> None:
    assert "\nversion: 2.0.0\n" in (ROOT / "mainstay.yaml").read_text()
    assert "\nversion: 2.1.0\n" in (tree / "mainstay.yaml").read_text()


def test_only_the_web_frontend_and_the_schema_change() -> None:
    changed = {line.split("/")[1] for line in PATCH.read_text().splitlines() if line.startswith("+++ b/")}
    assert changed == {"mainstay.yaml", "migrations", "web-frontend"}


def test_the_migration_only_adds(tree: Path, postgres: Postgres) -> None:
    words = re.sub(r"--.*", "", (tree / "migrations" / "0002_deadlines.sql").read_text()).casefold()
    assert not re.search(r"\b(drop|rename|alter|delete|update|truncate)\b", words)
    postgres.database("migrated")
    postgres.migrate("migrated", tree / "migrations" / "0002_deadlines.sql")


def test_a_visitor_sees_which_version_serves(town: Town, newer: Service) -> None:
    assert "GRANTER 2.1.0" in get(newer.url + "/").body
    assert "GRANTER 2." not in get(town.web.url + "/").body


def closes_in(town: Town, days: int, title: str) -> None:
    deadline = today() + timedelta(days=days)
    town.postgres.execute(
        town.database, f"update grants set deadline_kind = 'date', deadline = '{deadline}' where title = '{title}'"
    )


def test_a_call_that_closes_soon_says_how_many_days_are_left(town: Town, newer: Service) -> None:
    closes_in(town, 12, "Coastal Resilience Fund 2027")
    assert "12 days left" in get(newer.url + "/?q=coastal").body
    assert "days left" not in get(newer.url + "/?q=glacier").body
    assert "days left" not in get(town.web.url + "/?q=coastal").body


def test_calls_that_close_soon_can_be_shown_alone(town: Town, newer: Service) -> None:
    closes_in(town, 30, "Repatriation Dialogues")
    closes_in(town, 31, "Street Libraries")
    assert "Repatriation Dialogues" in get(newer.url + "/?soon=1&q=communities").body
    assert "Street Libraries" in get(newer.url + "/?q=cupboard").body
    assert "Street Libraries" not in get(newer.url + "/?soon=1&q=cupboard").body


def test_both_versions_serve_from_the_newer_schema(town: Town, newer: Service) -> None:
    assert [get(web.url + "/?q=glacier").status for web in (town.web, newer)] == [200, 200]
