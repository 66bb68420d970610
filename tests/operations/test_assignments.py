"""`NAME=VALUE` assignments from arguments and files."""

from pathlib import Path

import pytest

from mainstay.errors import BadInput, Mistakes
from mainstay.operations.assignments import from_file
from mainstay.operations.settings import set_values
from tests.operations.project import Project


def test_a_file_is_read_literally_and_each_mistake_has_its_line(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "shop.env"
    path.write_text("# settings\n\nexport MODE=live # c\nREGION='a $HOME {b}'\n\n\nEVERY=5\n=x\nOPTIONAL\n")
    with pytest.raises(Mistakes) as refused:
        set_values(project.context, from_file(path))
    found = [(each.place.line, each.code) for each in refused.value.mistakes]
    assert found == [(7, "is-fixed"), (8, "no-value"), (9, "no-value")]
    path.write_text('MODE=live\nREGION="two\nlines"\nOPTIONAL=\n')
    set_values(project.context, from_file(path))
    assert project.stored() == {"MODE": "live", "REGION": "two\nlines", "OPTIONAL": ""}


@pytest.mark.parametrize("content", [b"MODE=\xff", None, b"X" * 1_000_001], ids=["not UTF-8", "missing", "too large"])
def test_a_file_that_cannot_be_read_is_bad_input(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "shop.env"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match=r"shop\.env"):
        from_file(path)
