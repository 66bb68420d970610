"""The table of run kinds is the only place that knows them by name."""

import re
from pathlib import Path

import mainstay
from mainstay.model.run_kind import RunKind, run_kind

COMPARISON = re.compile(r"""(==|!=|\bcase|\b(not )?in \(?)\s*["'](deploy|rollback|down)["']""")


def test_a_kind_that_the_table_does_not_have_leaves_the_live_release_as_it_is() -> None:
    assert run_kind("backup") == RunKind("backup", live="same", needs_running=True)


def test_the_kinds_state_their_effect() -> None:
    assert {name: run_kind(name).live for name in ("deploy", "rollback", "down")} == {
        "deploy": "new",
        "rollback": "earlier",
        "down": "same",
    }
    assert not run_kind("down").needs_running


def test_titles_are_in_users_words() -> None:
    assert run_kind("deploy").title("shop/local", "2.0", 7) == "deploy 2.0 to shop/local"
    assert run_kind("rollback").title("shop/local", "1.0", 6) == "roll shop/local back to release 6 (1.0)"
    assert run_kind("backup").title("shop/local", "1.0", 6) == "backup shop/local"


def test_no_other_module_compares_the_names_of_kinds() -> None:
    modules = Path(mainstay.__file__).parent.rglob("*.py")
    assert [path for path in modules if COMPARISON.search(path.read_text())] == []
