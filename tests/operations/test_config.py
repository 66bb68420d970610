"""`config`: each variable of a service with its source."""

import pytest

from mainstay.errors import BadInput
from mainstay.history.summary import History
from mainstay.model import Secret
from mainstay.operations.assignments import from_arguments
from mainstay.operations.config import config
from mainstay.operations.manifest import manifest_of
from mainstay.operations.settings import SettingChange, set_values, unset
from mainstay.planning.facts import look, with_values
from mainstay.planning.given import unused_notes
from tests.operations.project import SHOP, Project


def test_a_default_that_an_environment_overrides_can_be_set(project: Project) -> None:
    set_values(project.context, from_arguments(["GREETING=Hi {version}"]))
    assert config_of(project)["GREETING"] == ("Hi {version}", "set")
    unset(project.context, ["GREETING"])
    assert config_of(project)["GREETING"] == ("Hello from 1.0.0", "default")


def test_a_stored_value_is_not_used_once_the_manifest_fixes_the_variable(project: Project) -> None:
    set_values(project.context, from_arguments(["REGION=north"]))
    project.file.write_text(SHOP.replace("REGION: {required: false}", "REGION: {default: south}"))
    assert config_of(project)["REGION"] == ("south", "default")
    manifest = manifest_of(project.context)
    (note,) = unused_notes(manifest, with_values(look(project.world, History()), project.world, manifest), [])
    assert note.startswith("the stored value of REGION is not used")
    assert unset(project.context, ["REGION"]) == (SettingChange("REGION", "north", None),)


def config_of(project: Project) -> dict[str, tuple[str | None, str]]:
    return {each.name: (each.value, each.source) for each in config(project.context, "api").variables}


def test_config_shows_each_variable_with_its_source_and_masks_secrets(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGION", "exported")
    set_values(project.context, from_arguments(["MODE=live"]))
    project.world.sealed.keep("TOKEN", Secret("hunter2"))
    found = config_of(project)
    assert (
        found.items()
        >= {
            "MODE": ("live", "set"),
            "REGION": (None, ""),
            "EVERY": ("300", "default"),
            "DATABASE_URL": (None, "db"),
            "TOKEN": (None, "secret"),
            "PATH": ("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "mainstay"),
            "PORT": (None, "mainstay"),
            "MAINSTAY_VERSION": ("1.0.0", "mainstay"),
        }.items()
    )
    assert "hunter2" not in repr(config(project.context, "api"))
    with pytest.raises(BadInput, match="no service apo"):
        config(project.context, "apo")
