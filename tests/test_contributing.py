"""CONTRIBUTING.md, followed literally: a toy of each kind is added to a copy of the tree, and works."""

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.cli.program import Result, mainstay

ROOT = Path(__file__).parent.parent
TOYS = ROOT / "tests" / "toys"
ROW = re.compile(
    r"^\| (?P<kind>[a-z ]+) \| `(?P<file>src/\S+)`.*? \| `(?P<registry>\w+)` in `(?P<of>src/\S+)`", re.MULTILINE
)
ENTRIES = {
    "target": '"toy": "source"',
    "datastore": '"toy",',
    "step": " | PlaceToy",
    "check": '"toy",',
    "command": '"toy": CommandEntry("Place a toy.", LOOK),',
}
IMPORTS = {"step": "from mainstay.steps.toy import PlaceToy"}
MANIFEST = """
system: shop
version: 1.0.0
environments: {local: {target: toy}}
variables: {CACHE: {from: cache}}
services: {web: {command: [serve], port: 8000, variables: [CACHE], needs: [cache]}}
datastores: {cache: {kind: toy, backup: none, because: it is a toy}}
edge: {routes: [{path: /, service: web}]}
"""


class Row(NamedTuple):
    """A row of the table in CONTRIBUTING.md."""

    kind: str
    file: str
    registry: str
    of: str


def page() -> str:
    return (ROOT / "CONTRIBUTING.md").read_text()


def rows() -> dict[str, Row]:
    """Return the rows of the table, by what they add."""
    found = (Row(**match.groupdict()) for match in ROW.finditer(page()))
    return {row.kind: row for row in found}


def add(tree: Path, row: Row, *, registered: bool) -> None:
    """Write the toy's file and, if *registered*, the entry in its registry."""
    file = tree / row.file.replace("NAME", "toy")
    file.parent.mkdir(exist_ok=True)
    toy = (TOYS / f"{row.kind}.py").read_text()
    file.write_text(toy.replace("tests.toys.step", "mainstay.steps.toy"))
    if registered:
        registry = tree / row.of
        registry.write_text(with_entry(registry.read_text(), row))


def with_entry(source: str, row: Row) -> str:
    """Return *source* with the toy's entry at the end of the registry, and its import if it needs one."""
    end = end_of_registry(source, row.registry)
    grown = source[:end] + ENTRIES[row.kind] + source[end:]
    return re.sub("^from ", f"{IMPORTS[row.kind]}\nfrom ", grown, count=1, flags=re.M) if row.kind in IMPORTS else grown


def end_of_registry(source: str, name: str) -> int:
    """Return the position behind the last entry of the tuple, mapping or union that is assigned to *name*."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and node.value.end_lineno:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if ast.unparse(target) == name:
                above = "".join(source.splitlines(keepends=True)[: node.value.end_lineno - 1])
                return len(above) + (node.value.end_col_offset or 0) - isinstance(node.value, ast.Dict | ast.Tuple)
    raise AssertionError(f"there is no registry {name}")


class Project:
    """A project whose commands are those of a tree with toys."""

    def __init__(self, folder: Path, without: str = "") -> None:
        self.tree = folder / "tree"
        shutil.copytree(ROOT / "src", self.tree / "src")
        for kind in ENTRIES:
            add(self.tree, rows()[kind], registered=kind != without)
        self.folder = folder / "shop"
        self.folder.mkdir()
        (self.folder / "mainstay.yaml").write_text(MANIFEST)

    def type(self, *words: str) -> Result:
        """Run a command of the tree in the project."""
        return mainstay(self.folder, *words, PYTHONPATH=str(self.tree / "src"))


def test_the_page_has_a_row_for_every_toy_and_names_files_that_exist() -> None:
    assert {path.stem for path in TOYS.glob("*.py")} == ENTRIES.keys() <= rows().keys()
    named = re.findall(r"`((?:src|tests|docs|tools)/[\w/.]+)`", page())
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []


@pytest.mark.slow
def test_a_toy_of_each_kind_works_after_one_file_and_one_entry(tmp_path: Path) -> None:
    project = Project(tmp_path)
    assert "toy" in project.type("--help").out
    assert project.type("validate").code == 0
    up = project.type("up")
    assert (up.code, "toy://door" in up.out) == (0, True), up
    assert "Start cache (7.2)" in up.out, up
    before = project.type("check")
    assert (before.code, "there is no toy" in before.out) == (3, True), before
    toy = project.type("toy", "--yes")
    assert (toy.code, "Place a toy" in toy.out) == (0, True), toy
    after = project.type("check")
    assert (after.code, "the toy is there" in after.out) == (0, True), after
    status = project.type("status")
    assert (status.code, "healthy" in status.out) == (0, True), status
    down = project.type("down", "--yes")
    assert down.code == 0, down


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "typed"),
    [("target", "validate"), ("datastore", "validate"), ("command", "toy --yes"), ("step", "toy --yes")],
)
def test_a_toy_without_its_entry_is_not_known(tmp_path: Path, kind: str, typed: str) -> None:
    project = Project(tmp_path, without=kind)
    assert kind != "step" or project.type("up").code == 0
    found = project.type(*typed.split())
    assert (found.code, "toy" in found.err) == (2, True), found


@pytest.mark.slow
def test_a_check_without_its_entry_is_not_run(tmp_path: Path) -> None:
    project = Project(tmp_path, without="check")
    assert project.type("up").code == 0
    assert "toy " not in project.type("check").out


@pytest.mark.slow
def test_a_tree_with_toys_keeps_the_house_rules(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (project.tree / "tests").mkdir()
    for name in ("test_house.py", "test_words.py"):
        shutil.copy(ROOT / "tests" / name, project.tree / "tests")
    shutil.copytree(ROOT / "kit" / "src", project.tree / "kit" / "src")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=project.tree,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(project.tree / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-3000:]
