"""How history words the outcome of a run."""

import pytest

from mainstay.history.summary import RunSummary


@pytest.mark.parametrize(
    ("kind", "outcome", "shown"),
    [("deploy", "released", "released"), ("down", "released", "completed"), ("rollback", "undone", "undone")],
)
def test_only_a_deploy_is_released(kind: str, outcome: str, shown: str) -> None:
    run = RunSummary("r-1", kind, "1.0.0", 1, outcome, "", 1.0, "", "safe")  # type: ignore[arg-type]  # parametrised
    assert run.ended == shown
