"""Signals during a run, and while a question is asked."""

import os
import signal

import pytest

from mainstay.cli.signals import signals_to, while_asking
from mainstay.engine.interruption import Interruption
from mainstay.errors import Interrupted


@pytest.mark.failure("F9", "F11")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_the_first_signal_requests_a_stop(number: signal.Signals) -> None:
    interruption = Interruption()
    with signals_to(interruption):
        strike(number)
    assert (interruption.signal, interruption.twice) == (number, False)


@pytest.mark.failure("F10")
def test_the_first_signal_prints_how_to_stop_immediately_and_a_second_one_stops(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(Interrupted) as stopped, signals_to(Interruption()):
        strike(signal.SIGTERM, signal.SIGINT)
    hint = "\nstopping at the next safe point; press Ctrl-C again to stop now; either way you can resume\n"
    assert (stopped.value.exit_code, capfd.readouterr().err) == (130, hint)


def test_a_signal_counts_although_stderr_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_number: int, _text: bytes) -> int:
        raise BrokenPipeError

    monkeypatch.setattr(os, "write", gone)
    interruption = Interruption()
    with signals_to(interruption):
        strike(signal.SIGTERM)
    assert interruption.signal == signal.SIGTERM


def test_signals_end_the_command_only_during_a_prompt() -> None:
    ends = [signal.default_int_handler, signal.SIG_DFL, signal.SIG_DFL]
    with signals_to(Interruption()):
        on_event = handlers()
        with while_asking():
            assert handlers() == ends
        assert handlers() == on_event
    assert not set(on_event) & set(ends)


def handlers() -> list[object]:
    return [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]


@pytest.mark.failure("F12")
def test_a_lost_terminal_does_not_end_the_run() -> None:
    interruption = Interruption()
    with signals_to(interruption):
        strike(signal.SIGHUP)
    assert interruption.signal is None
    assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


def strike(*numbers: signal.Signals) -> None:
    for number in numbers:
        os.kill(os.getpid(), number)
