"""The manifest: the sections of its file (SystemSection), and its values for one environment (Manifest)."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from mainstay.manifest.base import Section
from mainstay.manifest.datastore import DatastoreSection
from mainstay.manifest.edge.edge import EdgeSection
from mainstay.manifest.environment import EnvironmentSection, TargetSection
from mainstay.manifest.scalars import Name, VariableName, Version
from mainstay.manifest.service import ServiceSection
from mainstay.manifest.smoke.section import SmokeSection
from mainstay.manifest.variable import VariableSection
from mainstay.model import call_graph
from mainstay.model.error_page import ErrorPage
from mainstay.model.flow import Flows, SmokeWrites

MOST_SERVICES = 500


class SystemSection(Section):
    """A system: its environments, services, variables, datastores and edge. Its keys are those of `mainstay.yaml`."""

    later: ClassVar[dict[str, str]] = {"schedule": "leave it out"}
    noted: ClassVar[tuple[str, ...]] = ("objectives", "watch", "notify", "contacts")

    system: Name = Field(examples=["shop"])
    """Name of the system."""

    version: Version = Field(examples=["1.2.0"])
    """The version that a deploy ships, such as `1.2.0`. Plans and the history show it."""

    environments: dict[Name, EnvironmentSection] = Field(
        default={}, examples=[{"local": {}, "production": {"services": {"web": {"replicas": 3}}}}]
    )
    """The places where the system runs, with what differs there. Default: one, `local`."""

    variables: dict[VariableName, VariableSection] = Field(default={}, examples=[{"LOG_LEVEL": {"default": "info"}}])
    """Settings and secrets, by name. A service gets only those that it lists in its own `variables`."""

    services: dict[Name, ServiceSection] = Field(
        min_length=1, examples=[{"web": {"command": ["./server"], "port": 8000}}]
    )
    """The services of the system, by name."""

    datastores: dict[Name, DatastoreSection] = Field(default={}, examples=[{"db": {"kind": "postgres"}}])
    """The datastores of the system, by name. Their data is kept across releases."""

    edge: EdgeSection = Field(default=EdgeSection(), examples=[{"routes": [{"path": "/", "service": "web"}]}])
    """The edge: the public ports, and the rules for requests that arrive there."""

    smoke: SmokeSection = Field(default=SmokeSection(), examples=["smoke/"])
    """Flows of requests that test every release, before it gets traffic and after it has all traffic."""

    objectives: object = Field(default=None, examples=[{"error_rate": {"critical": "1%"}}])
    """Limits that the system must not exceed, such as a rate of errors."""

    watch: object = Field(default=None, examples=[{"for": "24h"}])
    """How long and how often the system is checked after a release."""

    notify: object = Field(default=None, examples=[[{"kind": "webhook", "url": {"variable": "OPS_WEBHOOK"}}]])
    """Where alerts are sent."""

    contacts: object = Field(default=None, examples=[[{"role": "on-call", "name": "Ada"}]])
    """The people to call when something has failed."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The desired system in one environment: overrides are merged, defaults filled in, and all rules checked.

    Durations are in seconds, sizes in bytes. If `edge.http` is 0, Mainstay chooses a free port and keeps it.
    """

    file: Path
    """Absolute path of the manifest."""
    system: str
    version: str
    environment: str
    target: TargetSection
    variables: dict[str, VariableSection]
    services: dict[str, ServiceSection]
    datastores: dict[str, DatastoreSection]
    edge: EdgeSection
    pages: tuple[ErrorPage, ...] = ()
    """The error pages of `edge.errors`."""
    flows: Flows = ()
    """The smoke flows."""
    smoke_writes: SmokeWrites = "front"
    overridden: frozenset[str] = frozenset()
    """Variables that at least one environment overrides: `mainstay set` can change them even if they have a default."""

    @property
    def folder(self) -> Path:
        """The folder that contains the manifest. Relative paths in the manifest are relative to it."""
        return self.file.parent

    def callees(self, service: str) -> tuple[str, ...]:
        """Return the services and datastores that *service* needs, or whose address one of its variables contains."""
        section = self.services[service]
        sources = (self.variables[name].from_ for name in section.variables)
        return tuple(dict.fromkeys([*section.needs, *filter(None, sources)]))

    def readers(self, variable: str) -> tuple[str, ...]:
        """Return the services that read *variable*, and `edge` if the section `edge.tls` names the variable."""
        services = tuple(name for name, service in self.services.items() if variable in service.variables)
        return (*services, "edge") if variable == self.edge.secret else services

    def is_fixed(self, variable: str) -> bool:
        """Return whether *variable* has a default that no environment overrides: `mainstay set` cannot change it."""
        return self.variables[variable].default is not None and variable not in self.overridden

    def in_order(self) -> tuple[str, ...]:
        """Return the names of the services, callees first. An address that closes a circle of services is ignored."""
        needs = {name: service.needs for name, service in self.services.items()}
        links = {name: [need for need in each if need in self.services] for name, each in needs.items()}
        return call_graph.in_order(links, {name: self.callees(name) for name in self.services})
