"""The manifest (`mainstay.yaml`) as immutable values."""

from mainstay.manifest.datastore import Datastore, Migrations
from mainstay.manifest.edge import Edge, Route
from mainstay.manifest.load import load
from mainstay.manifest.service import Health, OpenFiles, Resources, Service, Source, Strategy, Volume
from mainstay.manifest.system import Manifest, System
from mainstay.manifest.variable import Variable

__all__ = [
    "Datastore",
    "Edge",
    "Health",
    "Manifest",
    "Migrations",
    "OpenFiles",
    "Resources",
    "Route",
    "Service",
    "Source",
    "Strategy",
    "System",
    "Variable",
    "Volume",
    "load",
]
