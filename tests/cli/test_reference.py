"""The committed reference pages equal those generated from the code."""

import pytest

from tools.reference import CONTENTS, PAGES, page


@pytest.mark.parametrize("name", CONTENTS)
def test_the_reference_pages_are_up_to_date(name: str) -> None:
    assert (PAGES / name).read_text() == page(name), "type: .venv/bin/python tools/reference.py"
