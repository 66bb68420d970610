"""What the kit promises about itself."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mainstay_kit
from kit.tests.test_metrics import environment

SOURCES = sorted(Path(mainstay_kit.__file__).parent.rglob("*.py"))
HEAVY = ("jwt", "cryptography", "argon2", "psycopg", "httpx2", "pydantic", "starlette", "prometheus_client")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.stem))
def test_modules_are_short_documented_and_independent_of_mainstay(path: Path) -> None:
    tree = ast.parse(path.read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    assert not {name for name in imported if name.partition(".")[0] in {"mainstay", "systems", "tests"}}
    assert path.name == "__init__.py" or ast.get_docstring(tree)
    assert len(path.read_text().splitlines()) <= 220


def test_importing_the_kit_loads_no_library() -> None:
    code = f"import sys, mainstay_kit; print([name for name in {HEAVY!r} if name in sys.modules])"
    printed = subprocess.check_output([sys.executable, "-c", code], env=environment(), text=True)
    assert printed.strip() == "[]"


def test_importing_the_kit_takes_at_most_150_ms() -> None:
    code = "import time; began = time.process_time(); import mainstay_kit; print(time.process_time() - began)"

    def once() -> float:
        return float(subprocess.check_output([sys.executable, "-c", code], env=environment(), text=True))

    assert min(once() for _ in range(7)) <= 0.15
