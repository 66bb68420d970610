"""Frozen values that plans, supervisor and journal share: releases, fleets, traffic, the edge and observed states."""

from mainstay.model.artifact import Artifact, Image, Source, SourceTree
from mainstay.model.cors import Cors
from mainstay.model.edge import Edge, Route
from mainstay.model.environment import DatastorePlace, Environment
from mainstay.model.error_page import ErrorPage
from mainstay.model.fleet import (
    Fleet,
    Member,
    Members,
    ReleaseNumber,
    Revision,
    Shares,
    Shift,
    Shifts,
    Stage,
    Traffic,
    TrafficLease,
    end_of,
)
from mainstay.model.kinds import DatastoreSupport
from mainstay.model.redirect import Redirect
from mainstay.model.release import DatastoreRelease, Release, ServiceRelease, Strategy
from mainstay.model.status import Endings, Exit, FleetStatus, Instance, InstanceState, Note, TrafficStatus
from mainstay.model.value import Listener, Piece, Secret, SecretRef, Template, Value
from mainstay.model.workload import Health, Job, JobState, Volume, Workload, volume_variable
