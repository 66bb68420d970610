"""What `deploy --plan ID` does with a plan that no longer fits."""

from pathlib import Path

import pytest

from mainstay.engine.runner import Runner
from mainstay.errors import NotReady
from mainstay.operations import plan as planning
from mainstay.operations.deploy import deploy
from mainstay.planning.plan import Plan
from tests.operations.test_history import TEXT, Silent, shop


class NeverShown:
    """Fails the test when a plan is shown for approval."""

    verb, dry_run = "deploy", False

    def __call__(self, plan: Plan) -> bool:
        pytest.fail("a stale plan was shown")


@pytest.mark.parametrize("edited", [TEXT.replace("1.0.0", "2.0.0"), TEXT.replace("source", "replicas: 2, source")])
def test_a_plan_of_a_manifest_that_has_changed_is_stale_before_it_is_shown(tmp_path: Path, edited: str) -> None:
    project = shop(tmp_path)
    plan = planning.make(project.context)
    project.file.write_text(edited)
    runner = Runner.here(project.world.clock)
    with pytest.raises(NotReady, match=f"the plan {plan.id} is stale: ") as raised:
        deploy(project.context, approve=NeverShown(), runner=runner, notices=Silent(), plan_id=plan.id)
    assert raised.value.code == "stale"
