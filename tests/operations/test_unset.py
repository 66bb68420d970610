"""`unset`: what it removes and refuses."""

import pytest

from mainstay.errors import BadInput
from mainstay.operations.assignments import from_arguments
from mainstay.operations.settings import SettingChange, set_values, unset
from tests.operations.project import SHOP, Project


def test_a_variable_that_a_service_requires_cannot_be_unset(project: Project) -> None:
    set_values(project.context, from_arguments(["MODE=live"]))
    with pytest.raises(BadInput, match="api cannot run without MODE") as refused:
        unset(project.context, ["MODE"])
    assert "mainstay set MODE=…" in refused.value.remedy
    assert project.stored() == {"MODE": "live"}


@pytest.mark.parametrize(("name", "code"), [("REGIO", "unknown-variable"), ("TOKEN", "is-secret")])
def test_unknown_variables_and_secrets_cannot_be_unset(project: Project, name: str, code: str) -> None:
    with pytest.raises(BadInput) as refused:
        unset(project.context, [name])
    assert refused.value.code == code


def test_a_value_that_is_no_longer_declared_can_be_unset(project: Project) -> None:
    set_values(project.context, from_arguments(["OPTIONAL=x"]))
    project.file.write_text(SHOP.replace("  OPTIONAL: {required: false}\n", ""))
    assert unset(project.context, ["OPTIONAL"]) == (SettingChange("OPTIONAL", "x", None),)
    assert project.stored() == {}
