"""The context of a command without a manifest."""

from pathlib import Path

import pytest

from mainstay.errors import BadInput
from mainstay.operations.context import open_context
from tests.fakes.wiring import fake_wiring
from tests.fakes.world import fake_world


def test_without_a_manifest_the_error_names_both_remedies(tmp_path: Path) -> None:
    wiring = fake_wiring(fake_world(tmp_path))
    with pytest.raises(BadInput) as refused:
        open_context(wiring, tmp_path / "mainstay.yaml", None, None)
    assert "mainstay init" in refused.value.remedy
    assert "--state DIR" in refused.value.remedy
