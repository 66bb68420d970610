"""Storage on this machine refuses artifacts that are not source trees."""

from pathlib import Path

import pytest

from mainstay.drivers.targets.preparation import Preparation
from mainstay.errors import StepFailed
from mainstay.model import Image
from tests.fakes.world import fake_world

IMAGE = Image("key", "shop/web:1", "sha256:1")


def test_an_image_is_refused_with_what_to_write_instead(tmp_path: Path) -> None:
    world = fake_world(tmp_path)
    by = Preparation("web", "p1-build", world.waiter)
    with pytest.raises(StepFailed, match=r"runs no images: shop/web:1 \(web\)") as refused:
        world.target.prepare(IMAGE, by)
    assert refused.value.code == "image-unsupported"
    assert "write `source` instead of `image`" in refused.value.remedy
    assert world.target.prepared(IMAGE, by) == "absent"
    assert world.target.discard(IMAGE, by) == "nothing was prepared"
