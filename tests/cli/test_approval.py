"""Approval of a plan: by a flag, by the user at the terminal, or refused without waiting."""

import os
import signal

import pytest
from msgspec.structs import replace

from mainstay.cli.approval import Approval, DryRunEnded
from mainstay.cli.console import Console
from mainstay.cli.signals import signals_to
from mainstay.engine.interruption import Interruption
from mainstay.errors import NotReady
from mainstay.planning.plan import Plan
from tests.cli.sample_plan import plan


def down() -> Plan:
    """Return a plan that removes the data of shop/local."""
    return replace(plan("local"), kind="down", data=True)


class Terminal(Console):
    """A terminal whose user answers *answer*."""

    def __init__(self, answer: str) -> None:
        super().__init__()
        self._answer = answer

    @property
    def interactive(self) -> bool:
        return True

    def ask(self, question: str, *, hidden: bool = False) -> str:
        return self._answer


def test_without_a_terminal_the_error_names_the_flag_that_approves() -> None:
    with pytest.raises(NotReady) as refused:
        Approval(Console(), "deploy")(plan())
    assert (refused.value.exit_code, refused.value.remedy) == (3, "mainstay deploy --yes")


def test_yes_approves_the_plan_and_plans_for_local_need_no_approval() -> None:
    assert Approval(Console(), "deploy", yes=True)(plan())
    assert Approval(Console(), "deploy")(plan("local"))


@pytest.mark.parametrize(("answer", "approved"), [("y", True), ("YES ", True), ("", False), ("n", False)])
def test_the_user_approves_or_declines_at_the_terminal(answer: str, approved: bool) -> None:
    assert Approval(Terminal(answer), "deploy")(plan()) is approved


def test_the_loss_of_data_is_confirmed_by_the_right_name_only_and_not_by_yes() -> None:
    with pytest.raises(NotReady) as refused:
        Approval(Console(), "down --data", yes=True)(down())
    assert refused.value.remedy == "mainstay down --data --confirm shop/local"
    assert Approval(Terminal("shop/local"), "down --data")(down())
    assert Approval(Console(), "down --data", confirm="shop/local")(down())
    with pytest.raises(NotReady):
        Approval(Console(), "down --data", confirm="shop/staging")(down())


def test_typing_another_name_declines_and_repeats_what_was_typed() -> None:
    with pytest.raises(NotReady, match="you typed 'shop', not shop/local; nothing was changed") as declined:
        Approval(Terminal("shop"), "down --data")(down())
    assert (declined.value.code, declined.value.remedy) == ("declined", "mainstay down --data")


def test_a_dry_run_shows_the_plan_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DryRunEnded) as shown:
        Approval(Console(), "deploy", dry_run=True)(plan())
    assert shown.value.exit_code == 0
    assert "1.1   Brew tea" in capsys.readouterr().out


class InterruptingTerminal(Terminal):
    """A user who presses Ctrl-C at the question."""

    def ask(self, question: str, *, hidden: bool = False) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return "y"


def test_an_interruption_at_the_question_ends_the_command() -> None:
    interruption = Interruption()
    with pytest.raises(KeyboardInterrupt), signals_to(interruption):
        Approval(InterruptingTerminal("y"), "deploy")(plan())
    assert interruption.signal is None
