"""Lists of a folder's entries: which ones are the oldest."""

import os
from pathlib import Path

import pytest

from mainstay.system.folder_content import oldest


@pytest.mark.parametrize(
    ("keep", "expected"),
    [(0, ["b", "c", "a"]), (1, ["b", "c"]), (3, []), (5, [])],
    ids=["all", "all but the newest", "none of three", "none when fewer exist"],
)
def test_the_oldest_entries_are_all_but_the_newest(tmp_path: Path, keep: int, expected: list[str]) -> None:
    for at, name in enumerate(("b", "c", "a")):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (at, at))
    assert [path.name for path in oldest(tmp_path, keep)] == expected


def test_a_missing_folder_has_no_entries(tmp_path: Path) -> None:
    assert oldest(tmp_path / "missing", 1) == []
