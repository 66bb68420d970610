"""A state folder belongs to one environment of one system."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.errors import BadInput
from mainstay.operations.context import Context, write_environment
from mainstay.operations.manifest import manifest_of, world_of
from tests.operations.project import SHOP, Project


@pytest.fixture
def deployed(tmp_path: Path) -> Context:
    """The context of a system whose environment `local` is stored."""
    context = Project(tmp_path, SHOP).context
    context.folders.state.mkdir(exist_ok=True)
    write_environment(world_of(manifest_of(context), context).environment, context.folders)
    return context


def test_the_state_of_another_system_is_refused(deployed: Context) -> None:
    deployed.file.write_text(deployed.file.read_text().replace("system: shop", "system: bakery"))
    with pytest.raises(BadInput, match="is that of shop/local, not of bakery/local") as refused:
        manifest_of(deployed)
    assert refused.value.code == "state-of-another"


def test_the_state_of_another_environment_is_refused(deployed: Context) -> None:
    staging = replace(deployed, environment="staging")
    with pytest.raises(BadInput, match="is that of shop/local, not of shop/staging"):
        manifest_of(staging)
    with pytest.raises(BadInput, match="is that of shop/local, not of shop/staging"):
        staging.stored()


def test_the_state_of_the_same_environment_is_accepted(deployed: Context) -> None:
    assert manifest_of(deployed).system == "shop"
    assert replace(deployed, environment="local").stored().name == "local"
