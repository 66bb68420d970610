"""Whoever is killed, what was asked for comes back, once; what runtimes is taken up, not started again."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.drivers.machine.state.lifecycle import LEFT_FOREGROUND
from mainstay.errors import BadInput, PortTaken
from mainstay.model import Edge, Health, Route, Shift, TrafficLease
from mainstay.system.clock import SystemClock
from tests.drivers.machine.place import PATH, PYTHON, Place, a_place, member, run, service, shell_job, starts_of, worker

EDGE = Edge(http=0, routes=(Route("/", "web"),), address="127.0.0.1")


@pytest.fixture
def place() -> Iterator[Place]:
    with a_place() as one:
        yield one


def get(place: Place, path: str = "/") -> dict[str, str]:
    with urllib.request.urlopen(place.target.traffic_status().url + path, timeout=5) as answer:
        told: dict[str, str] = json.load(answer)
    return told


def serving(place: Place) -> None:
    place.target.set_edge(EDGE)
    place.up(member(service(), 2))
    place.target.set_traffic((Shift({"web": {1: 100.0}}),))
    place.until(lambda: place.target.traffic_status().actual.get("web") == {1: 100.0}, "traffic")


def reboot(place: Place) -> None:
    """All is killed, the sockets are gone, and every note is of another boot."""
    place.end()
    for note in place.folders.state.glob("*/*/started"):
        told = json.loads(note.read_text())
        note.write_text(json.dumps(told | {"boot": "an-earlier-one"}))
    for left in place.folders.sockets.iterdir():
        left.unlink()
    place.folders.sockets.rmdir()


def test_a_killed_supervisor_takes_up_what_lives(place: Place) -> None:
    serving(place)
    before = [(one.id, one.pid) for one in place.target.fleet_status().instances]
    place.kill_supervisor()
    assert get(place)["MAINSTAY_RELEASE"] == "1"
    place.target.start()
    assert [(one.id, one.pid, one.state) for one in place.target.fleet_status().instances] == [
        (name, pid, "ready") for name, pid in before
    ]
    place.until(lambda: place.target.traffic_status().actual["web"] == {1: 100.0})


def test_looking_wakes_nobody_and_tells_what_lives(place: Place) -> None:
    serving(place)
    place.kill_supervisor()
    running = place.target.fleet_status()
    assert not running.supervised
    assert [one.state for one in running.instances] == ["ready", "ready"]
    assert place.target.traffic_status().actual == {"web": {1: 100.0}}
    assert place.supervisor() is None


def test_an_instance_that_was_killed_is_back(place: Place) -> None:
    (before,) = place.up(member(service()))
    os.kill(before.pid or 0, signal.SIGKILL)
    place.until(lambda: place.found(1)[0].restarts == 1 and place.ready(1), "the instance again")
    after = place.found(1)[0]
    assert after.pid != before.pid
    assert after.last_exit is not None
    assert after.last_exit.signal == "SIGKILL"


def test_an_adopted_instance_that_dies_is_noticed(place: Place) -> None:
    (before,) = place.up(member(service()))
    place.kill_supervisor()
    place.target.start()
    os.kill(before.pid or 0, signal.SIGKILL)
    place.until(lambda: place.found(1)[0].restarts == 1 and place.ready(1), "the instance again")


def test_an_instance_that_dies_while_nobody_watches_is_started_again(place: Place) -> None:
    (before,) = place.up(member(service()))
    place.kill_supervisor()
    os.kill(before.pid or 0, signal.SIGKILL)
    place.target.start()
    place.until(lambda: place.ready(1) and place.found(1)[0].pid != before.pid, "the instance again")


def test_a_killed_edge_serves_again(place: Place) -> None:
    serving(place)
    url = place.target.traffic_status().url
    haproxy = place.instances.alive("edge")
    assert haproxy is not None
    os.kill(haproxy.pid, signal.SIGKILL)
    place.until(lambda: place.instances.alive("edge") not in (None, haproxy), "another HAProxy")
    place.until(lambda: place.target.traffic_status().actual.get("web") == {1: 100.0}, "traffic")
    assert get(place)["MAINSTAY_SERVICE"] == "web"
    assert place.target.traffic_status().url == url


@pytest.mark.failure("F83")
def test_after_a_reboot_all_is_back_from_what_was_written_down(place: Place) -> None:
    serving(place)
    url, listeners = place.target.traffic_status().url, place.target.traffic_status().listeners
    reboot(place)
    place.target.for_run(2).claim()
    place.until(lambda: place.ready(1, 2), "both instances")
    place.until(lambda: place.target.traffic_status().actual.get("web") == {1: 100.0}, "traffic")
    assert (place.target.traffic_status().url, place.target.traffic_status().listeners) == (url, listeners)


def test_what_was_laid_down_stays_so_over_a_reboot(place: Place) -> None:
    serving(place)
    place.target.stop()
    place.until(lambda: not place.target.fleet_status().started, "sleep")
    place.until(lambda: place.supervisor() is None, "the supervisor's end")
    reboot(place)
    place.target.for_run(2).claim()
    assert place.target.fleet_status().instances == ()
    assert place.target.traffic_status().actual == {"web": {}}


@pytest.mark.slow
@pytest.mark.parametrize("delay_ms", range(0, 300, 20))
def test_woken_at_any_moment_of_lying_down_it_is_awake(place: Place, delay_ms: int) -> None:
    serving(place)
    place.target.stop()
    SystemClock().pause(delay_ms / 1000)
    place.target.start()
    place.until(lambda: place.ready(1, 2), "both instances")
    place.until(lambda: place.target.traffic_status().actual.get("web") == {1: 100.0}, "traffic")


def test_a_job_outlives_the_supervisor(place: Place, tmp_path: Path) -> None:
    told = tmp_path / "starts"
    job = shell_job("r-1-build", f"echo begun >> {told}; sleep 1; exit 4")
    place.target.start_job(job)
    place.until(lambda: starts_of(told) == 1, "the job's start")
    place.kill_supervisor()
    assert place.target.job_state("r-1-build").state == "running"
    place.target.start_job(job)
    place.until(lambda: place.target.job_state("r-1-build").state == "ended", "the job's end")
    assert place.target.job_state("r-1-build").code == 4
    assert starts_of(told) == 1


def test_a_job_that_ended_while_nobody_watched_is_known(place: Place) -> None:
    place.target.start_job(shell_job("r-1-build", "echo almost; sleep 0.3; exit 4"))
    place.until(lambda: place.jobs.started("r-1-build") is not None, "the stub's note")
    place.kill_supervisor()
    place.until(lambda: place.target.job_state("r-1-build").state == "ended", "the job's end")
    assert place.target.job_state("r-1-build").tail == ("almost",)


def test_a_job_whose_stub_was_killed_is_lost_and_nothing_of_it_lives(place: Place) -> None:
    place.target.start_job(shell_job("r-1-build", "sleep 60"))
    place.until(lambda: place.jobs.alive("r-1-build") is not None, "the stub's note")
    stub = place.jobs.alive("r-1-build")
    assert stub is not None
    place.until(lambda: len(place.jobs.members("r-1-build", stub)) > 1, "the job's own process")
    os.kill(stub.pid, signal.SIGKILL)
    place.until(lambda: place.target.job_state("r-1-build").state == "lost", "the loss")
    place.until(lambda: not place.jobs.members("r-1-build", stub), "the end of what it left")


def test_a_job_of_an_earlier_boot_is_lost_and_not_started_again(place: Place, tmp_path: Path) -> None:
    told = tmp_path / "starts"
    job = shell_job("r-1-build", f"echo begun >> {told}; sleep 60")
    place.target.start_job(job)
    place.until(lambda: starts_of(told) == 1, "the job's start")
    reboot(place)
    place.target.start_job(job)
    assert place.target.job_state("r-1-build").state == "lost"
    assert starts_of(told) == 1


def test_killed_between_fork_and_note_it_is_found_and_not_started_twice(place: Place, tmp_path: Path) -> None:
    """The stub is held before it has written its note, by a log that nobody reads yet."""
    told, log = tmp_path / "starts", place.folders.logs / "worker" / "worker-1-1.out"
    workload = worker("sh", "-c", f"echo begun >> {told}; exec sleep 60")
    place.target.start()
    log.parent.mkdir(parents=True)
    os.mkfifo(log)
    place.target.set_fleet({"worker": {1: member(workload)}})
    place.until(lambda: place.instances.starting("worker-1-1"), "the stub")
    place.kill_supervisor()
    place.target.start()
    assert place.found(1, "worker")[0].state == "starting"
    assert place.instances.started("worker-1-1") is None
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    place.until(lambda: place.ready(1, service="worker"), "the worker")
    os.close(reader)
    assert starts_of(told) == 1


def test_who_was_told_ready_may_send_traffic_though_the_supervisor_is_killed_at_once(place: Place) -> None:
    place.target.set_edge(EDGE)
    for release in range(1, 6):
        place.up(member(service(), 2), release)
        place.kill_supervisor()
        place.target.start()
        assert place.ready(release, 2)


def test_somebody_with_a_newer_protocol_finds_the_newer_program(place: Place) -> None:
    (one,) = place.up(member(service()))
    before = place.supervisor()
    assert before is not None
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(place.folders.supervisor_socket))
        line.sendall(b'{"type":"hello","protocol":99}\n')
        assert json.loads(line.recv(4096))["reexecuting"] is True
    place.until(lambda: place.target.fleet_status().supervised, "the newer program")
    assert place.supervisor() == before
    assert [(x.pid, x.state) for x in place.found(1)] == [(one.pid, "ready")]
    os.kill(one.pid or 0, signal.SIGTERM)
    place.until(lambda: place.found(1)[0].restarts == 1, "the restart")
    last = place.found(1)[0].last_exit
    assert last is not None
    assert last.code == 0


def test_there_is_one_supervisor_whoever_starts_another(place: Place) -> None:
    place.target.start()
    before = place.supervisor()
    state, keys = str(place.folders.state), str(place.folders.keys)
    run(sys.executable, "-m", "mainstay.drivers.machine.supervisor", "--state", state, "--keys", keys)
    assert place.supervisor() == before


def test_only_we_may_speak_to_the_supervisor(place: Place) -> None:
    place.target.start()
    assert stat.S_IMODE(place.folders.supervisor_socket.stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.root
@pytest.mark.threat("S19")
def test_a_stranger_at_the_socket_is_not_believed(place: Place) -> None:
    path = place.folders.supervisor_socket
    path.parent.mkdir(parents=True)
    for folder in (place.folders.state, path.parent):
        folder.chmod(0o777)
    answers = (
        "import os,socket;s=socket.socket(socket.AF_UNIX);os.setgid(65534);os.setuid(65534)\n"
        f"s.bind({str(path)!r});os.chmod({str(path)!r},0o777);s.listen();s.accept()[0].recv(99)"
    )
    with subprocess.Popen([sys.executable, "-c", answers]) as stranger:
        place.until(path.exists, "the stranger")
        with pytest.raises(BadInput, match="user 65534 answers"):
            place.target.fleet_status()
        stranger.kill()
    path.unlink()


def test_what_is_no_request_is_refused_and_the_line_stays_open(place: Place) -> None:
    place.target.start()
    with socket.socket(socket.AF_UNIX) as line, line.makefile("rb") as answers:
        line.connect(str(place.folders.supervisor_socket))
        line.sendall(b'nonsense\n{"type":"hello"}\n')
        assert json.loads(answers.readline())["type"] == "refused"
        assert json.loads(answers.readline())["type"] == "welcome"


@pytest.mark.failure("F61")
def test_a_door_that_is_taken_is_said_with_its_holder(place: Place) -> None:
    place.target.start()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"port {port} is taken by .*python.*pid {os.getpid()}"):
            place.target.set_edge(Edge(http=port, address="127.0.0.1"))
    assert place.target.traffic_status().edge is None


@pytest.mark.slow
@pytest.mark.parametrize("delay_ms", range(0, 200, 10))
def test_killed_at_any_moment_of_a_start_nothing_runs_twice(place: Place, tmp_path: Path, delay_ms: int) -> None:
    told = tmp_path / "starts"
    workload = worker("sh", "-c", f"echo begun >> {told}; exec sleep 60")
    place.target.start()
    place.target.set_fleet({"worker": {1: member(workload, 3)}})
    SystemClock().pause(delay_ms / 10_000)
    place.kill_supervisor()
    place.target.start()
    place.until(lambda: place.ready(1, 3, "worker"), "three workers")
    place.until(lambda: starts_of(told) >= 3, "three starts")
    assert starts_of(told) == 3


def test_a_way_home_is_kept_over_the_supervisors_death(place: Place) -> None:
    serving(place)
    place.target.set_fleet({"web": {1: member(service(), 2), 2: member(service(), 2)}})
    place.until(lambda: place.ready(2, 2), "web@2")
    place.target.set_traffic((Shift({"web": {2: 100.0}}),), TrafficLease(1.0, (Shift({"web": {1: 100.0}}),)))
    place.kill_supervisor()
    place.target.start()
    place.until(lambda: place.target.traffic_status().reverted, "the way home")
    place.until(lambda: place.target.traffic_status().actual["web"] == {1: 100.0}, "traffic at home")


HUNGRY = "x = []\nimport time\nfor _ in range(400): x.append(b'x' * 1_000_000); time.sleep(0.002)\ntime.sleep(60)"


@pytest.mark.failure("F65")
def test_out_of_memory_is_said_with_the_limit(place: Place) -> None:
    workload = worker(PYTHON, "-c", HUNGRY, memory_bytes=128 * 2**20, steady_s=60)
    place.target.set_fleet({"worker": {1: member(workload)}})
    place.until(lambda: any(one.last_exit for one in place.found(1, "worker")), "its end")
    last = place.found(1, "worker")[0].last_exit
    assert last is not None
    assert last.reason == "out of memory, limit 128 MiB"


@pytest.mark.failure("F69")
def test_what_ignores_the_stop_signal_is_killed_with_all_it_left(place: Place) -> None:
    (one,) = place.up(member(service(told={"STUBBORN": "1", "CHILD": "300"})))
    process = place.instances.alive(one.id)
    assert process is not None
    assert len(place.instances.members(one.id, process)) == 2
    place.target.set_fleet({"web": {}})
    place.until(lambda: not place.target.fleet_status().instances, "its end")
    assert place.instances.members(one.id, process) == ()


def test_what_a_stopped_instance_left_behind_is_ended(place: Place) -> None:
    (one,) = place.up(member(service(told={"CHILD": "300"})))
    process = place.instances.alive(one.id)
    assert process is not None
    place.target.set_fleet({"web": {}})
    place.until(lambda: not place.target.fleet_status().instances, "its end")
    assert place.instances.members(one.id, process) == ()


@pytest.mark.failure("F66")
def test_what_never_stands_is_failed_after_three_starts_with_its_last_words(place: Place) -> None:
    place.target.set_fleet({"web": {1: member(service(told={"EXIT_WITH": "3"}))}})
    place.until(lambda: [one.state for one in place.found(1)] == ["failed"], "failure")
    (one,) = place.found(1)
    assert one.tail[-1] == "cannot go on"
    assert one.last_exit is not None
    assert (one.last_exit.code, one.restarts) == (3, 2)


def test_what_leaves_the_foreground_is_refused_and_its_strays_are_ended(place: Place) -> None:
    place.target.set_fleet({"worker": {1: member(worker("sh", "-c", "sleep 300 & exit 0"))}})
    place.until(lambda: [one.state for one in place.found(1, "worker")] == ["failed"], "failure")
    (one,) = place.found(1, "worker")
    assert one.last_exit is not None
    assert (one.last_exit.code, one.last_exit.reason) == (0, LEFT_FOREGROUND)
    stub = place.instances.started("worker-1-1")
    assert stub is not None
    place.until(lambda: not place.instances.members("worker-1-1", stub), "the end of its strays")


def test_asked_again_what_failed_is_tried_again(place: Place, tmp_path: Path) -> None:
    cure = tmp_path / "cured"
    workload = worker("sh", "-c", f"test -e {cure} || exit 3; exec sleep 60")
    place.target.set_fleet({"worker": {1: member(workload)}})
    place.until(lambda: [one.state for one in place.found(1, "worker")] == ["failed"], "failure")
    cure.touch()
    (one,) = place.up(member(workload), service="worker")
    assert one.state == "ready"


def test_a_start_tries_a_crashing_revision_again_at_once_and_counts_its_crashes_anew(
    place: Place, tmp_path: Path
) -> None:
    need = tmp_path / "needed"
    need.touch()
    workload = worker("sh", "-c", f"test -e {need} || exit 3; exec sleep 60")
    (one,) = place.up(member(workload), service="worker")
    need.unlink()
    os.kill(one.pid or 0, signal.SIGKILL)
    place.until(lambda: place.found(1, "worker")[0].early_exits >= 5, "a backoff of more than a second")
    place.kill_supervisor()
    place.target.start()
    assert place.found(1, "worker")[0].early_exits < 3
    place.until(lambda: place.found(1, "worker")[0].early_exits == 3, "three crashes", within=3)
    need.touch()
    place.target.start()
    place.until(lambda: place.ready(1, service="worker"), "the worker")


def test_a_task_that_is_done_is_not_run_again_by_a_start_or_when_its_fleet_is_requested(
    place: Place, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    task = member(worker("sh", "-c", f"echo once >> {runs}", restart="on-failure"))
    place.target.set_fleet({"worker": {1: task}})
    place.until(lambda: place.found(1, "worker")[0].done, "the task")
    place.target.start()
    place.target.set_fleet({"worker": {1: task}})
    place.kill_supervisor()
    assert place.found(1, "worker")[0].done
    place.target.start()
    (one,) = place.found(1, "worker")
    assert (one.done, one.state, one.healthy) == (True, "stopped", True)
    assert runs.read_text() == "once\n"
    place.target.set_fleet({"worker": {}})
    place.until(lambda: not place.found(1, "worker"), "its end")


def test_what_listens_elsewhere_is_told(place: Place) -> None:
    workload = service(told={"LISTEN": "18999"}, health=Health("http", ready="/health", every_s=0.1))
    place.target.set_fleet({"web": {1: member(workload)}})
    place.until(lambda: "listens on 127.0.0.1:18999" in str(place.found(1)[0].reasons), "where it listens")
    assert place.found(1)[0].state == "starting"


def test_nothing_is_inherited(place: Place) -> None:
    serving(place)
    told = get(place)
    strange = {name for name in told if not name.startswith("MAINSTAY_")} - {"pid", "LC_CTYPE"}
    assert strange == {"HOST", "PORT", "HOME", "TMPDIR", "PATH"}
    assert told["PATH"] == PATH


def test_where_an_instance_listens_is_known_again_after_the_supervisor_was_killed(place: Place) -> None:
    (one,) = place.up(member(service(told={"HOST": "0.0.0.0"})))
    port = (one.address or "").rpartition(":")[2]

    def open_to_all() -> bool:
        reasons = [reason for each in place.found(1) for reason in each.reasons]
        return [reason.partition(",")[0] for reason in reasons] == [f"listens on 0.0.0.0:{port}"]

    place.until(open_to_all, "where it listens")
    place.kill_supervisor()
    place.target.start()
    place.until(open_to_all, "where it listens, again")
