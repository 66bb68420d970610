"""The parts of a release, as frozen values that plan, supervisor and journal share."""

from mainstay.model.artifact import Artifact, Image, Source, SourceTree
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
from mainstay.model.note import Note
from mainstay.model.release import DatastoreRelease, Release, ServiceRelease, Strategy
from mainstay.model.status import Endings, Exit, FleetStatus, Instance, InstanceState, TrafficStatus
from mainstay.model.value import Listener, Piece, Template, Value
from mainstay.model.workload import Health, Volume, Workload, volume_variable
