"""A file that was rewritten or replaced has another version."""

from pathlib import Path

from mainstay.system.file_version import version_of


def test_a_file_that_is_rewritten_or_replaced_has_another_version(tmp_path: Path) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    assert version_of(file) is None
    file.write_text("one")
    other.write_text("two")
    written = version_of(file)
    assert written == version_of(str(file))
    other.replace(file)
    replaced = version_of(file)
    file.write_text("four")
    assert len({written, replaced, version_of(file)}) == 3
