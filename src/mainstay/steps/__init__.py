"""The registry of steps: a plan is read back through this list; a new step is a file and a line here."""

from mainstay.steps.fetch import Fetch
from mainstay.steps.lay_down import LayDown
from mainstay.steps.migrate import Migrate
from mainstay.steps.observe import Observe
from mainstay.steps.provide_datastore import ProvideDatastore
from mainstay.steps.provide_edge import ProvideEdge
from mainstay.steps.remove_data import RemoveData
from mainstay.steps.retire import Retire
from mainstay.steps.set_traffic import SetTraffic
from mainstay.steps.settle import Settle
from mainstay.steps.start_fleet import StartFleet
from mainstay.steps.step import Look, Step

AnyStep = (
    Fetch
    | ProvideEdge
    | ProvideDatastore
    | Migrate
    | StartFleet
    | SetTraffic
    | Observe
    | Settle
    | Retire
    | LayDown
    | RemoveData
)

__all__ = ["AnyStep", "Look", "Step"]
