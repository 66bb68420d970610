"""Plain SQL migrations: their order, their names, and what a kill leaves behind."""

from pathlib import Path

import pytest

from mainstay.drivers.datastores.postgres.migrations import Migration, Ran, migrations_script, read_folder, schema_state
from mainstay.errors import BadInput


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name.lstrip('_')}.sql").write_text(text)
    return folder


def test_migrations_are_read_in_order_and_other_files_are_ignored(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    write(tmp_path / "old", _0000_old="")
    write(tmp_path, **{f"_{number:04}_a": "" for number in (7, 3, 5, 1, 6, 2, 4)})
    (tmp_path / "README.md").write_text("how they are written")
    assert [one.name for one in read_folder(tmp_path)] == [f"{number:04}_a.sql" for number in range(1, 8)]


@pytest.mark.parametrize(
    ("text", "transaction"),
    [
        (b"select 1;", True),
        (b"-- mainstay: no transaction\nvacuum;", False),
        (b"-- mainstay: no transaction\r\nvacuum;", False),
        (b"select 1;\n-- mainstay: no transaction\n", True),
        (b"-- caf\xe9\nselect 1;", True),
    ],
    ids=["in one", "in none", "line ends of another system", "too late", "not UTF-8"],
)
def test_the_first_line_can_exclude_a_migration_from_a_transaction(
    tmp_path: Path, text: bytes, transaction: bool
) -> None:
    (tmp_path / "0001_a.sql").write_bytes(text)
    assert [one.transaction for one in read_folder(tmp_path)] == [transaction]


@pytest.mark.bad_input("B53")
def test_two_migrations_with_one_number_are_refused(tmp_path: Path) -> None:
    write(tmp_path, _0001_a="", _0001_b="")
    with pytest.raises(BadInput, match=r"two migrations have number 0001: 0001_a.sql and 0001_b.sql") as refused:
        read_folder(tmp_path)
    assert refused.value.code == "migration-number"


@pytest.mark.threat("S15")
@pytest.mark.parametrize("name", ["0001_a'; drop table x; --.sql", "0001_a.sql; drop table x; --.sql", "1_a.sql"])
def test_a_name_without_a_number_or_with_sql_in_it_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(BadInput, match="has no migration number") as refused:
        read_folder(tmp_path)
    assert refused.value.code == "migration-name"


@pytest.mark.bad_input("B52")
def test_a_migration_that_was_changed_after_it_ran_is_refused(tmp_path: Path) -> None:
    ran = tuple(Ran(one.name, one.sha256, "now") for one in read_folder(write(tmp_path, _0001_a="-- a\nselect 1;")))
    write(tmp_path, _0001_a="-- a\nselect 2;")
    with pytest.raises(BadInput, match=f"sha256 {ran[0].sha256[:12]}") as refused:
        schema_state(ran, read_folder(tmp_path))
    assert refused.value.code == "migration-changed"


@pytest.mark.failure("F52")
def test_a_migration_outside_a_transaction_that_did_not_end_is_half_done() -> None:
    schema = schema_state(
        (Ran("0001_a.sql", "a", "now"), Ran("0002_b.sql", "b", None)),
        (Migration("0001_a.sql", "a"), Migration("0002_b.sql", "b", transaction=False), Migration("0003_c.sql", "c")),
    )
    assert (schema.revision, schema.pending, schema.half_done) == ("0001_a", ("0003_c",), ("0002_b",))


def test_the_script_checks_the_migration_table_before_each_file() -> None:
    text = migrations_script((Migration("0001_a.sql", "a"), Migration("0002_b.sql", "b", transaction=False)))
    assert text.count("as pending \\gset") == 2
    assert text.count("begin;") == 1
