"""The registry of steps, with which stored plans are decoded. A new step needs a file, and a line here."""

from mainstay.steps.configure_edge import ConfigureEdge
from mainstay.steps.fetch_artifact import FetchArtifact
from mainstay.steps.migrate import Migrate
from mainstay.steps.observe import Observe
from mainstay.steps.remove_data import RemoveData
from mainstay.steps.retire import Retire
from mainstay.steps.set_traffic import SetTraffic
from mainstay.steps.settle import Settle
from mainstay.steps.smoke import Smoke
from mainstay.steps.start_datastore import StartDatastore
from mainstay.steps.start_fleet import StartFleet
from mainstay.steps.stop_environment import StopEnvironment

AnyStep = (
    FetchArtifact
    | ConfigureEdge
    | StartDatastore
    | Migrate
    | StartFleet
    | SetTraffic
    | Smoke
    | Observe
    | Settle
    | Retire
    | StopEnvironment
    | RemoveData
)
