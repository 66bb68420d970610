"""What a process is given when it starts, whom it runs as, and what it cannot reach."""

import json
import os
import pwd
import signal
import stat
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from mainstay.drivers.machine.instances.values import called, filled
from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.model import Health, Job, Listener, Piece, Template, Value, Volume
from mainstay.model.secret import Secret, SecretRef
from mainstay.system.clock import SystemClock
from tests.drivers.machine.place import PATH, Place, a_place, member, service, worker

LISTENERS = {"db": 5555, "api": 6666}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def place() -> Iterator[Place]:
    with a_place() as one:
        yield one


@pytest.fixture
def sealed(place: Place) -> SealedFile:
    place.folders.state.mkdir()
    return SealedFile(place.folders.sealed, place.folders.secret_key)


def told(place: Place, release: int = 1) -> dict[str, str]:
    address = place.found(release)[0].address
    with urllib.request.urlopen(f"http://{address}/", timeout=5) as answer:
        environment: dict[str, str] = json.load(answer)
    return environment


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        (Listener("api"), "http://127.0.0.1:6666"),
        (Listener("db", "address"), "127.0.0.1:5555"),
        (Listener("db", "host"), "127.0.0.1"),
        (Listener("db", "port"), "5555"),
    ],
)
def test_a_value_becomes_text(sealed: SealedFile, value: Value, text: str) -> None:
    assert filled(value, sealed, LISTENERS) == text


def test_each_piece_of_a_template_is_encoded_as_it_says(sealed: SealedFile) -> None:
    ref = sealed.keep("DB_PASSWORD", Secret("p/ss w:rd@ü"))
    address = Template(
        (Piece("postgresql://app:"), Piece(ref, "percent"), Piece("@"), Piece(Listener("db", "address")), Piece("/db"))
    )
    assert filled(address, sealed, LISTENERS) == "postgresql://app:p%2Fss%20w%3Ard%40%C3%BC@127.0.0.1:5555/db"
    assert called({"DATABASE_URL": address, "API": Listener("api")}) == {"db", "api"}


def test_a_secret_comes_as_the_version_that_is_present(place: Place, sealed: SealedFile) -> None:
    sealed.keep("TOKEN", Secret("first"))
    old = SecretRef("TOKEN", 1)
    sealed.keep("TOKEN", Secret("second"))
    place.up(member(service(told={"OLD": old, "NEW": SecretRef("TOKEN")})))
    environment = told(place)
    assert (environment["OLD"], environment["NEW"]) == ("first", "second")


@pytest.mark.threat("S12")
def test_a_secret_lies_in_no_file_and_no_argument_list(place: Place, sealed: SealedFile) -> None:
    ref = sealed.keep("TOKEN", Secret("not-to-be-found"))
    (one,) = place.up(member(service(told={"TOKEN": ref})))
    texts = [path.read_bytes() for path in place.folders.state.rglob("*") if path.is_file()]
    texts.append(Path(f"/proc/{one.pid}/cmdline").read_bytes())
    assert not any(b"not-to-be-found" in text for text in texts)


def test_a_secret_that_is_missing_fails_the_instance_and_is_named(place: Place) -> None:
    place.target.set_fleet({"web": {1: member(service(told={"TOKEN": SecretRef("TOKEN")}))}})
    place.until(lambda: [one.state for one in place.found(1)] == ["failed"], "failure")
    last = place.found(1)[0].last_exit
    assert last is not None
    assert "TOKEN" in last.reason


def test_a_secret_delivered_as_a_file_is_read_only_and_goes_with_the_instance(place: Place, sealed: SealedFile) -> None:
    ref = sealed.keep("TOKEN", Secret("in a file"))
    place.up(member(service(files={"TOKEN": ref})))
    path = Path(told(place)["TOKEN_FILE"])
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("in a file", 0o400)
    place.target.set_fleet({"web": {}})
    place.until(lambda: not place.target.fleet_status().instances, "its end")
    assert not path.parent.exists()


def test_a_callee_that_nobody_has_started_yet_has_its_address_already(place: Place) -> None:
    place.up(member(service(told={"API": Listener("api")}, files={"API": Listener("api", "port")})))
    assert told(place)["API"] == "http://" + place.target.traffic_status().listeners["api"]
    assert Path(told(place)["API_FILE"]).read_text() in told(place)["API"]


def test_a_volume_is_linked_told_and_kept(place: Place) -> None:
    content = place.folders.content("abc")
    content.mkdir(parents=True)
    content.chmod(0o555)
    workload = service(artifact="abc", folder="", volumes=(Volume("up-loads", "data/uploads"),))
    place.up(member(workload))
    assert told(place)["MAINSTAY_VOLUME_UP_LOADS"] == str(place.folders.volume("up-loads"))
    assert (content / "data" / "uploads").readlink() == place.folders.volume("up-loads")
    assert stat.S_IMODE(content.stat().st_mode) == 0o555
    (place.folders.volume("up-loads") / "kept").touch()
    place.up(member(workload), release=2)
    assert (content / "data" / "uploads" / "kept").exists()


def test_a_private_copy_goes_with_the_instance_and_what_was_written_into_it_is_kept(place: Place) -> None:
    content = place.folders.content("abc")
    (content / "inside").mkdir(parents=True)
    (content / "inside" / "file").write_text("as built")
    (content / "inside").chmod(0o555)
    workload = worker("sh", "-c", "echo mine > inside/new && exec sleep 60", artifact="abc", folder="", read_only=False)
    place.up(member(workload), service="worker")
    copy = place.folders.homes / ".instances" / "worker-1-1" / "content"
    place.until((copy / "inside" / "new").exists, "what it wrote")
    assert not (content / "inside" / "new").exists()
    place.target.set_fleet({"worker": {}})
    place.until(lambda: not place.target.fleet_status().instances, "its end")
    assert not copy.exists()
    assert texts_below(place.folders.written) == {"worker/worker-1-1/inside/new": "mine\n"}
    place.up(member(workload), service="worker")
    place.until((copy / "inside" / "new").exists, "what it wrote")
    place.target.set_fleet({"worker": {}})
    place.until(lambda: not place.target.fleet_status().instances, "its end")
    assert set(texts_below(place.folders.written)) == {
        "worker/worker-1-1/inside/new",
        "worker/worker-1-1.2/inside/new",
    }


def test_a_private_copy_stays_where_what_was_written_cannot_be_kept(place: Place) -> None:
    content = place.folders.content("abc")
    content.mkdir(parents=True)
    workload = worker("sh", "-c", "echo mine > new && exec sleep 60", artifact="abc", folder="", read_only=False)
    place.up(member(workload), service="worker")
    new = place.folders.homes / ".instances" / "worker-1-1" / "content" / "new"
    place.until(new.exists, "what it wrote")
    place.folders.written.touch()
    place.target.set_fleet({"worker": {}})
    place.until(lambda: not place.target.fleet_status().instances, "its end")
    assert new.read_text() == "mine\n"
    assert "could not be kept and is left in" in place.folders.supervisor_log.read_text()


def texts_below(folder: Path) -> dict[str, str]:
    """Every file below *folder* with its text."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_limits_are_those_of_the_spec(place: Place) -> None:
    script = "ulimit -n; ulimit -c; umask; exec sleep 60"
    place.up(member(worker("sh", "-c", script, open_files=4096)), service="worker")
    place.until(lambda: len(list(place.target.logs("worker"))) == 3, "three lines")
    assert [one.line for one in place.target.logs("worker")] == ["4096", "0", "0077"]


@pytest.mark.parametrize(
    ("health", "becomes"),
    [
        (Health("command", command=("test", "-e", "well"), every_s=0.1), "ready"),
        (Health("command", command=("test", "-e", "ill"), every_s=0.1), "starting"),
        (Health("command", command=("no-such-program",), every_s=0.1), "starting"),
        (Health("command", command=("sleep", "60"), every_s=0.1, limit_s=0.2), "starting"),
        (Health("file", file="well", newer_than_s=60, every_s=0.1), "ready"),
        (Health("file", file="well", newer_than_s=0, every_s=0.1), "starting"),
        (Health("alive", every_s=0.1), "ready"),
    ],
    ids=["command", "command fails", "no such command", "command hangs", "file", "old file", "alive"],
)
def test_a_worker_is_well_as_its_health_says(place: Place, tmp_path: Path, health: Health, becomes: str) -> None:
    workload = worker("sh", "-c", "touch well; exec sleep 60", folder=str(tmp_path), health=health)
    place.target.set_fleet({"worker": {1: member(workload)}})
    place.until((tmp_path / "well").exists, "the worker's start")
    SystemClock().pause(1)
    assert [one.state for one in place.found(1, "worker")] == [becomes]


def test_a_worker_that_is_only_about_to_begin_is_not_ready_yet(place: Place) -> None:
    logs = place.folders.logs / "worker"
    logs.mkdir(parents=True)
    (logs / "worker-1-1.err").write_text("the supervisor reads this file and not the other\n")
    os.mkfifo(logs / "worker-1-1.out")  # Its stub waits here for a reader, before it becomes the worker.
    place.target.set_fleet({"worker": {1: member(worker("sleep", "60"))}})
    place.until(lambda: place.found(1, "worker") and place.found(1, "worker")[0].pid, "the stub")
    SystemClock().pause(1)
    (one,) = place.found(1, "worker")
    assert one.pid is not None
    os.kill(one.pid, signal.SIGKILL)
    assert one.state == "starting"


def test_a_service_may_be_asked_for_a_connection_only(place: Place) -> None:
    (one,) = place.up(member(service(health=Health("tcp", every_s=0.1))))
    assert one.state == "ready"


def test_a_sick_service_is_unready_and_ready_again_without_a_restart(place: Place, tmp_path: Path) -> None:
    sick = tmp_path / "sick"
    (one,) = place.up(member(service(told={"SICK_WHEN": str(sick)})))
    sick.touch()
    place.until(lambda: place.found(1)[0].state == "unready", "sickness")
    sick.unlink()
    place.until(lambda: place.ready(1), "health")
    assert (place.found(1)[0].pid, place.found(1)[0].restarts) == (one.pid, 0)


def test_each_instance_finds_its_own_address_in_its_command_and_its_health_command(place: Place) -> None:
    health = Health("command", command=("sh", "-c", "test {host}:{port} = $HOST:$PORT"), every_s=0.1)
    script = "echo {host}:{port} {{port}} ${port}; echo $HOST:$PORT; exec sleep 60"
    command = ("sh", "-c", script.replace("${port}", "'${port}'"))
    instances = place.up(member(worker(*command, name="web", listens=True, health=health), count=2))
    place.until(lambda: len(list(place.target.logs("web"))) == 4, "four lines")
    said = {(one.instance, one.line) for one in place.target.logs("web")}
    own = {(one.id, line) for one in instances for line in (one.address, f"{one.address} {{{{port}}}} ${{port}}")}
    assert said == own
    assert len({one.address for one in instances}) == 2


@needs_root
@pytest.mark.root
def test_a_service_of_another_user_has_its_own_home_and_nothing_of_ours(place: Place) -> None:
    state = place.folders.state
    script = f"id -un; id -G; echo $HOME; touch $TMPDIR/mine && echo made; cat {state}/desired.json; exec sleep 60"
    place.up(member(worker("sh", "-c", script, user="nobody")), service="worker")
    place.until(lambda: len(list(place.target.logs("worker"))) == 5, "five lines")
    user = pwd.getpwnam("nobody")
    out = [one.line for one in place.target.logs("worker") if one.stream == "out"]
    assert out == ["nobody", str(user.pw_gid), str(state / "homes" / "nobody"), "made"]
    assert (state / "homes" / "nobody").stat().st_uid == user.pw_uid


@needs_root
@pytest.mark.root
def test_a_job_of_another_user_writes_its_end_as_us(place: Place) -> None:
    place.target.start_job(Job("r-1-who", "Who", ("sh", "-c", "id -un; cat"), "/", {"PATH": PATH}, "told", "nobody"))
    place.until(lambda: place.target.job_state("r-1-who").state == "ended", "the end")
    assert place.target.job_state("r-1-who").tail == ("nobody", "told")


@needs_root
@pytest.mark.root
@pytest.mark.threat("S19")
def test_a_link_that_a_service_left_in_its_home_is_not_followed(place: Place, tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    ours.mkdir(mode=0o700)
    script = f"rm -rf $TMPDIR; ln -s {ours} $TMPDIR; exec sleep 60"
    place.up(member(worker("sh", "-c", script, user="nobody")), service="worker")
    place.until((place.folders.homes / "nobody" / "tmp").is_symlink, "the link")
    place.up(member(worker("sleep", "60", user="nobody")), release=2, service="worker")
    assert ours.stat().st_uid == 0
