"""Plain SQL migrations: their order, their names, and what a kill leaves behind."""

from pathlib import Path

import pytest

from mainstay.datastores.postgres.migrations import Migration, Ran, found, script, standing
from mainstay.errors import BadInput


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name.lstrip('_')}.sql").write_text(text)
    return folder


def test_they_are_found_in_order_and_a_first_line_takes_one_out_of_its_transaction(tmp_path: Path) -> None:
    write(tmp_path, _0002_b="-- mainstay: no transaction\nvacuum;", _0001_a="select 1;")
    assert [(one.name, one.transaction) for one in found(tmp_path)] == [("0001_a.sql", True), ("0002_b.sql", False)]


@pytest.mark.bad_input("B53")
def test_two_with_one_number_are_refused(tmp_path: Path) -> None:
    write(tmp_path, _0001_a="", _0001_b="")
    with pytest.raises(BadInput, match=r"two migrations have number 0001: 0001_a.sql and 0001_b.sql"):
        found(tmp_path)


@pytest.mark.threat("S15")
def test_a_name_that_could_be_read_as_sql_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0001_a'; drop table x; --.sql").write_text("")
    with pytest.raises(BadInput, match="does not say which migration it is"):
        found(tmp_path)


@pytest.mark.bad_input("B52")
def test_one_that_was_changed_after_it_ran_is_refused() -> None:
    with pytest.raises(BadInput, match="ran with sha256 aaaa"):
        standing((Ran("0001_a.sql", "aaaa", "now"),), (Migration("0001_a.sql", "bbbb"),))


@pytest.mark.failure("F52")
def test_one_that_began_outside_a_transaction_and_did_not_end_is_half_done() -> None:
    schema = standing(
        (Ran("0001_a.sql", "a", "now"), Ran("0002_b.sql", "b", None)),
        (Migration("0001_a.sql", "a"), Migration("0002_b.sql", "b", transaction=False), Migration("0003_c.sql", "c")),
    )
    assert (schema.revision, schema.pending, schema.half_done) == ("0001_a", ("0003_c",), ("0002_b",))


def test_the_script_asks_the_ledger_before_each_file() -> None:
    text = script((Migration("0001_a.sql", "a"), Migration("0002_b.sql", "b", transaction=False)))
    assert text.count("as pending \\gset") == 2
    assert text.count("begin;") == 1
