"""The parts of a release, as frozen values that plan, supervisor and journal share."""

from mainstay.model.datastore_support import DatastoreSupport
from mainstay.model.edge import Edge, Route
from mainstay.model.environment import DatastorePlace, Environment
from mainstay.model.fleet import (
    Fleet,
    Member,
    Members,
    ReleaseNumber,
    Shares,
    Shift,
    Shifts,
    Stage,
    Traffic,
    TrafficLease,
    end_of,
)
from mainstay.model.job import Job, JobState
from mainstay.model.release import Content, DatastoreRelease, Release, ServiceRelease, Strategy
from mainstay.model.status import Exit, FleetStatus, Instance, TrafficStatus
from mainstay.model.value import Listener, Piece, Template, Value
from mainstay.model.workload import Health, Volume, Workload, volume_variable

__all__ = [
    "Content",
    "DatastorePlace",
    "DatastoreRelease",
    "DatastoreSupport",
    "Edge",
    "Environment",
    "Exit",
    "Fleet",
    "FleetStatus",
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
    "ServiceRelease",
    "Shares",
    "Shift",
    "Shifts",
    "Stage",
    "Strategy",
    "Template",
    "Traffic",
    "TrafficLease",
    "TrafficStatus",
    "Value",
    "Volume",
    "Workload",
    "end_of",
    "volume_variable",
]
