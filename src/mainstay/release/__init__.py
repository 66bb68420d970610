"""What a release is made of: frozen values that plan, supervisor and journal share."""

from mainstay.release.document import Content, DatastoreRelease, Release, ServiceRelease, Strategy
from mainstay.release.edge import Edge, Route
from mainstay.release.environment import DatastorePlace, Environment
from mainstay.release.fleet import (
    Fleet,
    Member,
    Members,
    ReleaseNumber,
    Shares,
    Shift,
    Shifts,
    Stage,
    Traffic,
    UnlessRenewed,
    end_of,
)
from mainstay.release.job import Job, JobState
from mainstay.release.seen import Exit, Instance, Running, Serving
from mainstay.release.spec import Health, Spec, Volume, volume_variable
from mainstay.release.value import Listener, Piece, Template, Value

__all__ = [
    "Content",
    "DatastorePlace",
    "DatastoreRelease",
    "Edge",
    "Environment",
    "Exit",
    "Fleet",
    "Health",
    "Instance",
    "Job",
    "JobState",
    "Listener",
    "Member",
    "Members",
    "Piece",
    "Release",
    "ReleaseNumber",
    "Route",
    "Running",
    "ServiceRelease",
    "Serving",
    "Shares",
    "Shift",
    "Shifts",
    "Spec",
    "Stage",
    "Strategy",
    "Template",
    "Traffic",
    "UnlessRenewed",
    "Value",
    "Volume",
    "end_of",
    "volume_variable",
]
