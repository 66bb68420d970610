"""State files of another version are refused by name, with what to do."""

from pathlib import Path

import pytest

from mainstay.errors import StateUnreadable
from mainstay.system.state_file import decoding, require_format

FILE = Path("/state/desired.json")


@pytest.mark.parametrize("text", [b"{}", b'{"format": 1}', b'{"format": 3}', b"", b"[]"])
def test_another_format_is_refused(text: bytes) -> None:
    with pytest.raises(StateUnreadable) as refused:
        require_format(text, 2, FILE, FILE.parent)
    assert refused.value.exit_code == 2
    assert "cannot read /state/desired.json" in refused.value.what
    assert refused.value.remedy == "mainstay down --data with the version that wrote it, or move /state away"


def test_the_wanted_format_is_accepted() -> None:
    require_format(b'{"format": 2}', 2, FILE, FILE.parent)


def test_a_missing_key_is_reported_with_the_file() -> None:
    with pytest.raises(StateUnreadable, match="phases"), decoding(FILE, FILE.parent):
        dict[str, str]()["phases"]
