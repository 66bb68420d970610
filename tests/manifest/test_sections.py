"""Every key of the manifest has an example that validates, and reaches the value that the manifest is resolved to."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from mainstay.manifest.base import Section
from mainstay.manifest.document import Document
from mainstay.manifest.edge.cors import CorsSection
from mainstay.manifest.edge.edge import EdgeSection
from mainstay.manifest.edge.redirect import RedirectSection
from mainstay.manifest.edge.route import RouteSection
from mainstay.manifest.edge.timeouts import TimeoutsSection
from mainstay.manifest.edge.tls import TlsSection
from mainstay.manifest.health import HealthSection
from mainstay.manifest.json_schema import json_schema
from mainstay.manifest.service import ResourcesSection, ServiceSection, UlimitsSection, VolumeSection
from mainstay.manifest.smoke.flow import FlowSection, FlowStepSection
from mainstay.manifest.source import SourceSection
from mainstay.manifest.strategy import StrategySection
from mainstay.manifest.yaml_tree import plain

KEYS = [(section, field) for section in Section.__subclasses__() for field in section.model_fields]
TOGETHER: dict[tuple[type[Section] | str, str], tuple[str, ...]] = {
    (SourceSection, "git"): ("ref",),
    (SourceSection, "ref"): ("git",),
    (StrategySection, "percent"): ("kind",),
    ("MigrationsSection", "run"): ("service",),
    ("MigrationsSection", "service"): ("run",),
    ("MigrationsSection", "status"): ("run", "service"),
    ("MigrationsSection", "back"): ("run", "service"),
    ("DatastoreSection", "backup"): ("because",),
    ("VariableSection", "generate"): ("secret",),
    **{(FlowStepSection, key): ("get",) for key in ("headers", "json_", "expect", "keep")},
}
"""Keys that are valid only beside others."""

READ_ELSEWHERE = {
    (ServiceSection, "image"): "targets that run images",
    (ServiceSection, "source"): "source_of: the content of the release",
    (ServiceSection, "build"): "the content of the release",
    (ServiceSection, "variables"): "values_of: environment and files of the workload",
    (ServiceSection, "deliver"): "values_of: environment and files of the workload",
    (ServiceSection, "needs"): "Manifest.callees",
    (ServiceSection, "replicas"): "ServiceRelease",
    (ServiceSection, "strategy"): "ServiceRelease",
    (EdgeSection, "errors"): "Manifest.pages",
}
"""Keys of a service that its workload does not contain, and what reads them."""


def name_of(value: object) -> str:
    return value.__name__ if isinstance(value, type) else str(value)


def example(section: type[Section], field: str) -> dict[str, Any]:
    """The first example of *field* as a part of a manifest."""
    info = section.model_fields[field]
    assert info.examples, f"{section.__name__}.{field} has no example"
    return {info.alias or field: info.examples[0]}


def with_example(section: type[Section], field: str) -> Any:
    """A section with its required keys and *field*, each as in its example."""
    names = [name for name, info in section.model_fields.items() if info.is_required()]
    names += TOGETHER.get((section, field), TOGETHER.get((section.__name__, field), ()))
    written: dict[str, Any] = {}
    for name in (*names, field):
        written |= example(section, name)
    return section.model_validate(plain(Document("mainstay.yaml", json.dumps(written)).root))


@pytest.mark.parametrize(("section", "field"), KEYS, ids=name_of)
def test_every_key_has_an_example_that_validates(section: type[Section], field: str) -> None:
    assert field in with_example(section, field).model_fields_set


def test_the_schema_has_the_meaning_and_the_example_of_every_key() -> None:
    schemas = json_schema(), json_schema(FlowSection, "a smoke flow")
    parts = [part for schema in schemas for part in (schema, *schema["$defs"].values())]
    keys = [(part["title"], key, each) for part in parts for key, each in part["properties"].items()]
    assert [(title, key) for title, key, each in keys if not each.get("examples") or not each.get("description")] == []
    assert len(keys) == len(KEYS)


def resolved(section: type[Section], value: Any) -> object:
    """What the section *value* is resolved to: as part of a service or of an edge."""
    of_the_edge: dict[type[Section], str] = {
        RouteSection: "routes",
        RedirectSection: "redirects",
        CorsSection: "cors",
        TimeoutsSection: "timeouts",
    }
    if section is EdgeSection or section in of_the_edge:
        routes = (RouteSection(path="/other", service="other"),)
        changed = (
            {of_the_edge[section]: (value,) if section in (RouteSection, RedirectSection) else value}
            if section in of_the_edge
            else {}
        )
        edge = value if section is EdgeSection else EdgeSection(routes=routes).model_copy(update=changed)
        edge = edge if edge.routes else edge.model_copy(update={"routes": routes})
        edge = (
            edge
            if edge.tls
            else edge.model_copy(update={"tls": TlsSection.model_validate({"mode": "internal", "hsts": "5s"})})
        )
        return edge.to_edge(Path("/app"), release_header=False)
    if section is StrategySection:
        return value.to_strategy()
    parts = {
        HealthSection: "health",
        ResourcesSection: "resources",
        UlimitsSection: "ulimits",
        VolumeSection: "volumes",
    }
    listening = ServiceSection(command=("x",), port=80)
    changed = {parts[section]: (value,) if section is VolumeSection else value} if section in parts else {}
    service = value if section is ServiceSection else listening.model_copy(update=changed)
    return service.to_workload("web", artifact="", environment={}, files={}, user="", fill=str)


RESOLVED = (
    ServiceSection,
    HealthSection,
    ResourcesSection,
    UlimitsSection,
    VolumeSection,
    StrategySection,
    EdgeSection,
    RouteSection,
    RedirectSection,
    CorsSection,
    TimeoutsSection,
)


@pytest.mark.parametrize(("section", "field"), [key for key in KEYS if key[0] in RESOLVED], ids=name_of)
def test_every_key_changes_what_its_section_is_resolved_to_or_is_read_elsewhere(
    section: type[Section], field: str
) -> None:
    section_with = with_example(section, field)
    default = section.model_fields[field].get_default()
    if default is PydanticUndefined:
        default = {"path": "other", "name": "other", "service": "other", "origins": (), "from_": "/x", "to": "/y"}[
            field
        ]
    without = section_with.model_copy(update={field: default})
    differs = resolved(section, section_with) != resolved(section, without)
    assert differs != ((section, field) in READ_ELSEWHERE), "convert the key, or list what reads it"
