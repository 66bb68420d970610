"""What `up` suggests to type next."""

import pytest
from msgspec.structs import replace

from mainstay.cli.approval import Approval
from mainstay.cli.commands.up import _print_next
from mainstay.cli.console import Console
from mainstay.cli.run_command import CommandRun
from mainstay.engine.runner import Runner
from mainstay.model.tls import Tls
from mainstay.operations.outcome import CommandOutcome
from tests.fakes.clock import TurnableClock
from tests.operations.project import Project
from tests.shop import EDGE, first_plan


@pytest.mark.parametrize(
    ("tls", "suggested"), [(Tls(), True), (Tls("files", "/a.pem", "/a.key"), False), (None, False)]
)
def test_clients_must_trust_the_environments_own_authority(
    project: Project, capsys: pytest.CaptureFixture[str], tls: Tls | None, suggested: bool
) -> None:
    plan = first_plan()
    plan = replace(plan, release=replace(plan.release, edge=replace(EDGE, tls=tls, https=443 if tls else None)))
    console = Console()
    run = CommandRun(project.context, Approval(console, "up", plan=plan), Runner.here(TurnableClock()), console)
    _print_next(run, CommandOutcome("r-0001", "deploy", "released", 1, "1", "https://shop.example:443", 1.0))
    lines = capsys.readouterr().out.splitlines()
    assert "open: https://shop.example:443" in lines
    assert any("mainstay edge trust" in line for line in lines) is suggested
