"""The lines below the table of `history`."""

import pytest
from msgspec.structs import replace

from mainstay.cli.commands.history import reasons
from mainstay.history.summary import RunSummary

RUN = RunSummary("r-0002", "deploy", "2", 2, "released", "", 9.0, "ada", "safe")


@pytest.mark.parametrize(
    ("evidence", "shown"),
    [
        ("", []),
        ("2 of 2 ready, none restarted", ["r-0002: 2 of 2 ready, none restarted"]),
        (
            "2 of 2 ready, none restarted; api@2: 0 % failed, p95 5 ms; web@2: 1 % failed",
            ["r-0002: api@2: 0 % failed, p95 5 ms", "        web@2: 1 % failed"],
        ),
    ],
    ids=["nothing was observed", "nothing was compared", "two services"],
)
def test_the_figures_of_each_service_have_a_line(evidence: str, shown: list[str]) -> None:
    assert list(reasons(replace(RUN, evidence=evidence))) == shown


def test_the_reason_of_a_rollback_is_one_line() -> None:
    run = replace(RUN, why="web@2 does not stay up; its last lines:\n    no milk", evidence="2 of 2 ready")
    assert list(reasons(run)) == ["r-0002: web@2 does not stay up; its last lines: …"]
