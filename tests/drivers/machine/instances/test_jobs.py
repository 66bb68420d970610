"""Jobs run once, whatever happens to the supervisor, and their outcome is known."""

import os
import signal
from pathlib import Path

import pytest

from mainstay.model import Job
from tests.drivers.machine.machine import PATH, Machine, count_lines, needs_root, shell_job


def test_a_job_survives_a_kill_of_the_supervisor(machine: Machine, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    job = shell_job("r-1-build", f"echo started >> {starts}; sleep 1; exit 4")
    machine.target.start_job(job)
    machine.wait_until(lambda: count_lines(starts) == 1, "the job's start")
    machine.kill_supervisor()
    assert machine.target.job_state("r-1-build").state == "running"
    machine.target.start_job(job)
    machine.wait_until(lambda: machine.target.job_state("r-1-build").state == "ended", "the job's end")
    assert machine.target.job_state("r-1-build").code == 4
    assert count_lines(starts) == 1


def test_the_end_of_a_job_is_known_without_a_supervisor(machine: Machine) -> None:
    machine.target.start_job(shell_job("r-1-build", "echo almost; sleep 0.3; exit 4"))
    machine.wait_until(lambda: machine.job_runner.started("r-1-build") is not None, "the stub's note")
    machine.kill_supervisor()
    machine.wait_until(lambda: machine.target.job_state("r-1-build").state == "ended", "the job's end")
    assert machine.target.job_state("r-1-build").tail == ("almost",)


def test_a_job_whose_stub_is_killed_is_lost_and_leaves_no_process(machine: Machine) -> None:
    machine.target.start_job(shell_job("r-1-build", "sleep 60"))
    machine.wait_until(lambda: machine.job_runner.alive("r-1-build") is not None, "the stub's note")
    stub = machine.job_runner.alive("r-1-build")
    assert stub is not None
    machine.wait_until(lambda: len(machine.job_runner.members("r-1-build", stub)) > 1, "the job's own process")
    os.kill(stub.pid, signal.SIGKILL)
    machine.wait_until(lambda: machine.target.job_state("r-1-build").state == "lost", "the job to be lost")
    machine.wait_until(lambda: not machine.job_runner.members("r-1-build", stub), "the end of its processes")


def test_a_job_of_an_earlier_boot_is_lost_and_not_started_again(machine: Machine, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    job = shell_job("r-1-build", f"echo started >> {starts}; sleep 60")
    machine.target.start_job(job)
    machine.wait_until(lambda: count_lines(starts) == 1, "the job's start")
    machine.reboot()
    machine.target.start_job(job)
    assert machine.target.job_state("r-1-build").state == "lost"
    assert count_lines(starts) == 1


@needs_root
@pytest.mark.root
def test_the_outcome_of_a_job_of_another_user_is_recorded(machine: Machine) -> None:
    machine.target.start_job(
        Job("r-1-user", "Print the user", ("sh", "-c", "id -un; cat"), "/", {"PATH": PATH}, "from stdin", "nobody")
    )
    machine.wait_until(lambda: machine.target.job_state("r-1-user").state == "ended", "the end")
    assert machine.target.job_state("r-1-user").tail == ("nobody", "from stdin")
