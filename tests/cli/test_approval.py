"""Whether a plan is carried out: nobody is waited for who is not there, and data wants its name."""

import os
import signal

import pytest
from msgspec.structs import replace

from mainstay.cli.approval import Approval, DryRunEnded
from mainstay.cli.console import Console
from mainstay.cli.signals import signals_to, while_asking
from mainstay.engine.interruption import Interruption
from mainstay.errors import Interrupted, NotReady
from mainstay.planning.plan import Plan
from tests.cli.told import plan


def down() -> Plan:
    """Return a plan that removes the data of shop/local."""
    return replace(plan("local"), kind="down", data=True)


class Person(Console):
    """Somebody at a terminal who answers *answer*."""

    def __init__(self, answer: str) -> None:
        super().__init__()
        self._answer = answer

    @property
    def interactive(self) -> bool:
        return True

    def ask(self, question: str) -> str:
        return self._answer


def test_without_a_terminal_the_flag_that_answers_is_named() -> None:
    with pytest.raises(NotReady) as refused:
        Approval(Console(), "deploy")(plan())
    assert (refused.value.exit_code, refused.value.remedy) == (3, "mainstay deploy --yes")


def test_yes_answers() -> None:
    assert Approval(Console(), "deploy", yes=True)(plan())


def test_local_is_not_asked() -> None:
    assert Approval(Console(), "deploy")(plan("local"))


@pytest.mark.parametrize(("answer", "approved"), [("y", True), ("YES ", True), ("", False), ("n", False)])
def test_a_person_is_asked(answer: str, approved: bool) -> None:
    assert Approval(Person(answer), "deploy")(plan()) is approved


def test_the_loss_of_data_is_not_answered_by_yes() -> None:
    with pytest.raises(NotReady) as refused:
        Approval(Console(), "down --data", yes=True)(down())
    assert refused.value.remedy == "mainstay down --data --confirm shop/local"


def test_the_loss_of_data_wants_the_right_name() -> None:
    assert Approval(Console(), "down --data", confirm="shop/local")(down())
    with pytest.raises(NotReady):
        Approval(Console(), "down --data", confirm="shop/staging")(down())


def test_a_person_types_the_name() -> None:
    assert Approval(Person("shop/local"), "down --data")(down())


def test_another_name_than_the_one_asked_for_declines_and_says_so() -> None:
    with pytest.raises(NotReady, match="you typed 'shop', not shop/local; nothing was changed") as declined:
        Approval(Person("shop"), "down --data")(down())
    assert (declined.value.code, declined.value.remedy) == ("declined", "mainstay down --data")


def test_a_dry_run_shows_and_ends(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DryRunEnded) as shown:
        Approval(Console(), "deploy", dry_run=True)(plan())
    assert shown.value.exit_code == 0
    assert "1.1   Brew tea" in capsys.readouterr().out


@pytest.mark.failure("F9", "F11")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_is_heard_once(number: signal.Signals) -> None:
    interruption = Interruption()
    with signals_to(interruption):
        os.kill(os.getpid(), number)
    assert (interruption.signal, interruption.twice) == (number, False)


def test_how_to_stop_at_once_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Interrupted), signals_to(Interruption()):
        strike(signal.SIGTERM, signal.SIGINT)
    assert (
        capfd.readouterr().err
        == "\nstopping at the next safe point; press Ctrl-C again to stop now; either way you can resume\n"
    )


def test_a_signal_is_heard_where_nothing_can_be_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_number: int, _text: bytes) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(os, "write", gone)
    interruption = Interruption()
    with signals_to(interruption):
        os.kill(os.getpid(), signal.SIGTERM)
    assert interruption.signal == signal.SIGTERM


@pytest.mark.failure("F10")
def test_a_second_signal_stops_at_once() -> None:
    with pytest.raises(Interrupted) as stopped, signals_to(Interruption()):
        strike(signal.SIGTERM, signal.SIGINT)
    assert stopped.value.exit_code == 130


class Impatient(Person):
    """Somebody who answers by an interruption."""

    def ask(self, question: str) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return "y"


def test_at_the_question_every_signal_ends_the_command_and_afterwards_none_does() -> None:
    ends = [signal.default_int_handler, signal.SIG_DFL, signal.SIG_DFL]
    with signals_to(Interruption()):
        on_event = handlers()
        with while_asking():
            assert handlers() == ends
        assert handlers() == on_event
    assert not set(on_event) & set(ends)


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]


def test_an_interruption_at_the_question_ends_the_command() -> None:
    interruption = Interruption()
    with pytest.raises(KeyboardInterrupt), signals_to(interruption):
        Approval(Impatient("y"), "deploy")(plan())
    assert interruption.signal is None


@pytest.mark.failure("F12")
def test_a_lost_terminal_ends_nothing() -> None:
    interruption = Interruption()
    with signals_to(interruption):
        os.kill(os.getpid(), signal.SIGHUP)
    assert interruption.signal is None
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


def strike(*numbers: signal.Signals) -> None:
    for number in numbers:
        os.kill(os.getpid(), number)
