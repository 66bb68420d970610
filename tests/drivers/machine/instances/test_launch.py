"""What a process is given when it starts, and what it cannot reach."""

import pwd
import stat
from pathlib import Path

import pytest

from mainstay.drivers.secrets.sealed_file import SealedFile
from mainstay.model import Health, Secret, Volume
from tests.drivers.machine.machine import PATH, Machine, environment_at, member, needs_root, service, worker


def test_a_service_inherits_no_variable(machine: Machine) -> None:
    machine.start_release_1()
    variables = environment_at(machine.target.traffic_status().url)
    own = {name for name in variables if not name.startswith("MAINSTAY_")} - {"pid", "LC_CTYPE"}
    assert own == {"HOST", "PORT", "HOME", "TMPDIR", "PATH"}
    assert variables["PATH"] == PATH


@pytest.mark.threat("S12")
def test_no_file_and_no_argument_list_contains_a_secret(machine: Machine, sealed: SealedFile) -> None:
    ref = sealed.keep("TOKEN", Secret("not-to-be-found"))
    (one,) = machine.start_fleet(member(service(environment={"TOKEN": ref})))
    texts = [path.read_bytes() for path in machine.folders.state.rglob("*") if path.is_file()]
    texts.append(Path(f"/proc/{one.pid}/cmdline").read_bytes())
    assert not any(b"not-to-be-found" in text for text in texts)


def test_a_secret_delivered_as_a_file_is_read_only_and_removed_with_the_instance(
    machine: Machine, sealed: SealedFile
) -> None:
    ref = sealed.keep("TOKEN", Secret("in a file"))
    machine.start_fleet(member(service(files={"TOKEN": ref})))
    path = Path(machine.environment_of()["TOKEN_FILE"])
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("in a file", 0o400)
    machine.end_fleet("web")
    assert not path.parent.exists()


def test_a_volume_is_linked_into_the_content_and_kept(machine: Machine) -> None:
    content = machine.folders.content("abc")
    content.mkdir(parents=True)
    content.chmod(0o555)
    workload = service(artifact="abc", folder="", volumes=(Volume("up-loads", "data/uploads"),))
    machine.start_fleet(member(workload))
    assert machine.environment_of()["MAINSTAY_VOLUME_UP_LOADS"] == str(machine.folders.volume("up-loads"))
    assert (content / "data" / "uploads").readlink() == machine.folders.volume("up-loads")
    assert stat.S_IMODE(content.stat().st_mode) == 0o555
    (machine.folders.volume("up-loads") / "kept").touch()
    machine.start_fleet(member(workload), release=2)
    assert (content / "data" / "uploads" / "kept").exists()


def test_resource_limits_are_those_of_the_workload(machine: Machine) -> None:
    script = "ulimit -n; ulimit -c; umask; exec sleep 60"
    machine.start_fleet(member(worker("sh", "-c", script, open_files=4096)), service="worker")
    machine.wait_until(lambda: len(list(machine.target.logs("worker"))) == 3, "three lines")
    assert [one.line for one in machine.target.logs("worker")] == ["4096", "0", "0077"]


def test_placeholders_in_the_command_and_the_health_command_are_the_instances_own_address(machine: Machine) -> None:
    health = Health("command", command=("sh", "-c", "test {host}:{port} = $HOST:$PORT"), every_s=0.1)
    script = "echo {host}:{port} {{port}} ${port}; echo $HOST:$PORT; exec sleep 60"
    command = ("sh", "-c", script.replace("${port}", "'${port}'"))
    instances = machine.start_fleet(member(worker(*command, name="web", listens=True, health=health), count=2))
    machine.wait_until(lambda: len(list(machine.target.logs("web"))) == 4, "four lines")
    logged = {(one.instance, one.line) for one in machine.target.logs("web")}
    own = {(one.id, line) for one in instances for line in (one.address, f"{one.address} {{{{port}}}} ${{port}}")}
    assert logged == own
    assert len({one.address for one in instances}) == 2


@needs_root
@pytest.mark.root
def test_a_service_of_another_user_has_its_own_home_and_cannot_read_the_state(machine: Machine) -> None:
    state = machine.folders.state
    script = f"id -un; id -G; echo $HOME; touch $TMPDIR/file && echo created; cat {state}/desired.json; exec sleep 60"
    machine.start_fleet(member(worker("sh", "-c", script, user="nobody")), service="worker")
    machine.wait_until(lambda: len(list(machine.target.logs("worker"))) == 5, "five lines")
    user = pwd.getpwnam("nobody")
    out = [one.line for one in machine.target.logs("worker") if one.stream == "out"]
    assert out == ["nobody", str(user.pw_gid), str(state / "homes" / "nobody"), "created"]
    assert (state / "homes" / "nobody").stat().st_uid == user.pw_uid


@needs_root
@pytest.mark.root
@pytest.mark.threat("S19")
def test_a_link_that_a_service_left_in_its_home_is_not_followed(machine: Machine, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    script = f"rm -rf $TMPDIR; ln -s {private} $TMPDIR; exec sleep 60"
    machine.start_fleet(member(worker("sh", "-c", script, user="nobody")), service="worker")
    machine.wait_until((machine.folders.homes / "nobody" / "tmp").is_symlink, "the link")
    machine.start_fleet(member(worker("sleep", "60", user="nobody")), release=2, service="worker")
    assert private.stat().st_uid == 0
