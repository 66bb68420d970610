"""The text of `status`. Commands that read no manifest still refuse an environment that it does not declare."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstay.cli.commands.status import show
from mainstay.cli.console import Console
from mainstay.operations.request_rates import RequestRates
from mainstay.operations.status_document import RunStatus, Status
from tests.cli.program import Result, mainstay
from tests.fakes.clock import TurnableClock

TEXT = "system: shop\nversion: 1.0.0\nenvironments: {staging: {}, production: {}}\nservices: {web: {command: [x]}}\n"


def query(folder: Path, *words: str, text: str = TEXT) -> Result:
    """Run a command beside a manifest with *text*; it is refused as bad input."""
    (folder / "mainstay.yaml").write_text(text)
    result = mainstay(folder, *words, MAINSTAY_STATE="")
    assert result.code == 2, result
    return result


@pytest.mark.parametrize("command", ["status", "history", "check"])
def test_an_environment_that_is_not_declared_is_no_place_for_up(tmp_path: Path, command: str) -> None:
    error = query(tmp_path, "-e", "prodction", command).err
    assert "no environment 'prodction' in mainstay.yaml" in error
    assert "did you mean 'production'?" in error


def test_one_of_several_environments_must_be_chosen(tmp_path: Path) -> None:
    assert "add -e staging" in query(tmp_path, "status").err


def test_a_manifest_that_cannot_be_read_does_not_hide_that_nothing_was_deployed(tmp_path: Path) -> None:
    result = query(tmp_path, "-e", "prodction", "status", text=TEXT + "services: [\n")
    assert "nothing has been deployed here yet" in result.err


RUN = RunStatus("r-2", "deploy", "running", "2.4", "Observe web@2", "2026-01-05T12:00:00+00:00", progress="9 s left")
STATUS = Status(
    system="shop",
    environment="local",
    target="process",
    url="",
    state="/state",
    release=None,
    run=RUN,
    services=(),
    datastores=(),
    started=True,
    supervised=True,
    reverted=False,
    requests=(
        RequestRates("-", 0, "edge", 2.0, 0.0, 1, 1, 1),
        RequestRates("web", 0, "unready", 1.0, 100.0, 1, 1, 1),
        RequestRates("web", 41, "release", 9.0, 0.0, 4, 15685, 61000, 33.333, 0.5, 2.0),
    ),
)


def shown(status: Status, capsys: pytest.CaptureFixture[str]) -> list[str]:
    clock = TurnableClock()
    began = (clock.now() - timedelta(seconds=16)).isoformat()
    show(replace(status, run=replace(RUN, since=began)), Console(), clock)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def test_a_running_step_is_shown_with_its_last_progress(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(STATUS, capsys)
    assert "run r-2 (deploy) is running at 2.4 Observe web@2 (16 s so far)" in lines
    assert "  9 s left" in lines


def test_requests_that_no_release_answered_have_lines_of_their_own(capsys: pytest.CaptureFixture[str]) -> None:
    lines = [re.split(r"  +", line)[:3] for line in shown(STATUS, capsys)]
    assert ["edge", "refused or redirected", "2"] in lines
    assert ["web", "none was ready", "1"] in lines
    assert ["web", "41", "9"] in lines


def test_the_address_to_open_is_shown_with_its_host(capsys: pytest.CaptureFixture[str]) -> None:
    status = replace(STATUS, url="https://127.0.0.1:8443", public_url="https://shop.example:8443")
    assert "open: https://shop.example:8443" in shown(status, capsys)


def test_client_errors_redirects_and_late_requests_have_columns(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = (line for line in shown(STATUS, capsys) if line.startswith("web          41"))
    assert re.split(r"  +", line)[3:] == ["0 %", "33.3 %", "0.5 %", "2 %", "4 ms", "15.7 s", "61 s"]


def test_a_release_that_answers_no_request_has_no_times(capsys: pytest.CaptureFixture[str]) -> None:
    hangs = RequestRates("web", 42, "release", 0.0, 0.0, 0.0, 0.0, 0.0, late_percent=100.0)
    (line,) = (line for line in shown(replace(STATUS, requests=(hangs,)), capsys) if line.startswith("web          42"))
    assert line.split()[2:] == ["0", "0", "%", "0", "%", "0", "%", "100", "%", "-", "-", "-"]


def test_the_figures_of_a_running_step_have_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    run = replace(RUN, progress="9 s left; web@2: 0 % of 9 requests failed")
    show(replace(STATUS, run=run), Console(), TurnableClock())
    assert "\n  9 s left\n  web@2: 0 % of 9 requests failed\n" in capsys.readouterr().out
