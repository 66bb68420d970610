"""The manifest declares every variable that the services read, with the same default values."""

from dataclasses import fields
from typing import Any

import granter_core.settings
import granter_data.settings
import granter_web.settings
import pytest
import yaml
from granter_postgres import ROOT

pytestmark = pytest.mark.requirement("Q1", "Q4", "A26", "A29", "A30", "A32", "A33", "A35", "A36")

MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "mainstay.yaml").read_text())
COMMON = {"HOST", "PORT", "MAINSTAY_VERSION"}
SETTINGS = {
    "data-service": granter_data.settings.Settings,
    "backend-core": granter_core.settings.Settings,
    "web-frontend": granter_web.settings.Settings,
}


@pytest.mark.parametrize("service", SETTINGS)
def test_the_manifest_names_every_variable_that_a_service_reads(service: str) -> None:
    reads = {field.name.upper() for field in fields(SETTINGS[service])} - COMMON
    assert set(MANIFEST["services"][service]["variables"]) == reads


def test_the_manifest_has_the_data_services_default_values() -> None:
    defaults = {name: values["default"] for name, values in MANIFEST["variables"].items() if "default" in values}
    own = {field.name.upper(): field.default for field in fields(granter_data.settings.Settings)}
    for name in defaults.keys() & own.keys():
        assert type(own[name])(defaults[name]) == own[name], name
