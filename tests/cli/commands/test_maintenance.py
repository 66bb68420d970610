"""What `maintenance` prints about the message and the networks."""

import pytest
from click.testing import CliRunner

from mainstay.cli.commands import maintenance as cli
from mainstay.model.maintenance import Maintenance
from mainstay.operations.maintenance import TurnedOn

ON = Maintenance("Back soon.", ("192.0.2.0/24", "::1/128"), "ann", "2026-11-27T14:30:00+00:00")


@pytest.fixture(autouse=True)
def without_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "context_of", lambda invocation: None)


def lines(*words: str) -> list[str]:
    return CliRunner().invoke(cli.command, words, catch_exceptions=False).output.splitlines()


@pytest.mark.parametrize("hidden", [True, False])
def test_a_message_that_no_client_gets_is_noted(monkeypatch: pytest.MonkeyPatch, hidden: bool) -> None:
    monkeypatch.setattr(cli, "maintenance_on", lambda *_, **__: TurnedOn(ON, already=False, message_hidden=hidden))
    note = "note: the message is not shown, because people see the page of `edge.errors.503`"
    assert (note in lines("on", "--message", "Back soon.")) is hidden


def test_the_status_shows_the_message_and_the_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "maintenance", lambda context: ON)
    assert lines("status") == [
        "maintenance is on since 2026-11-27T14:30:00+00:00, by ann",
        "message: Back soon.",
        "clients that pass: 192.0.2.0/24, ::1/128",
    ]


def test_the_status_of_maintenance_without_options_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli, "maintenance", lambda context: Maintenance(by="ann", since="today"))
    assert lines("status") == ["maintenance is on since today, by ann"]
