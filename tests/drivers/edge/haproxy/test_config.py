"""HAProxy's configuration: as it was read by a person, and as HAProxy itself judges it."""

import subprocess
from pathlib import Path

import msgspec
import pytest

from mainstay.drivers.edge.haproxy.config import RELEASES, Rendered, render
from mainstay.drivers.edge.haproxy.process import binary
from mainstay.model import Edge, Route
from mainstay.system.state_dir import Folders
from mainstay.system.users import Identity

GOLDEN = Path(__file__).with_name("haproxy.golden.cfg")
FOLDERS = Folders(Path("/state"), Path("/keys"))
EDGE = Edge(
    http=8080,
    routes=(
        Route("/", "web"),
        Route("/api", "data"),
        Route("/", "admin", host="admin.example"),
        Route("/", "data", listen=3001),
    ),
    release_header=True,
)
SLOTS = {"web": 6, "data": 3, "admin": 3}
PORTS = {"listener:web": 20001, "listener:data": 20002, "listener:admin": 20003, "kept:db": 20004}
NOBODY = Identity(65534, 65534, ())


def test_the_configuration_reads_as_agreed() -> None:
    assert render(EDGE, SLOTS, PORTS, FOLDERS, NOBODY).text == GOLDEN.read_text()


@pytest.mark.parametrize(
    ("edge", "slots"),
    [
        pytest.param(EDGE, SLOTS, id="everything"),
        pytest.param(Edge(), {}, id="nothing yet"),
        pytest.param(Edge(routes=(Route("/", "web"),)), {}, id="a service without slots"),
        pytest.param(Edge(address="::", routes=(Route('/a"b$c\\', "web"),)), {"web": 1}, id="odd characters"),
    ],
)
def test_haproxy_finds_no_fault_in_it(edge: Edge, slots: dict[str, int], tmp_path: Path) -> None:
    folders = Folders(tmp_path / "a state", tmp_path / "keys")
    said = judged(render(edge, slots, PORTS, folders, NOBODY), tmp_path)
    assert (said.returncode, said.stdout) == (0, "")


def test_a_host_is_asked_first_then_the_longest_path() -> None:
    lines = [line.split()[1] for line in door(8080) if "use_backend" in line]
    assert lines == ["admin", "data", "web"]


def test_a_route_with_its_own_door_is_behind_that_door_only() -> None:
    assert [line.split()[1] for line in door(3001) if "use_backend" in line] == ["data"]


def test_all_ports_that_it_binds_are_returned() -> None:
    assert sorted(render(EDGE, SLOTS, PORTS, FOLDERS).ports) == [3001, 8080, 20001, 20002, 20003]


def test_a_door_that_may_be_any_port_takes_the_kept_one() -> None:
    free = msgspec.structs.replace(EDGE, http=0)
    assert "bind 0.0.0.0:18080" in render(free, SLOTS, PORTS | {"edge": 18080}, FOLDERS).text


def test_another_edge_is_another_generation() -> None:
    other = msgspec.structs.replace(EDGE, answer_s=61.0)
    first, again, second = (render(e, SLOTS, PORTS, FOLDERS) for e in (EDGE, EDGE, other))
    assert first.generation == again.generation != second.generation


def test_the_release_header_is_sent_only_when_it_is_enabled() -> None:
    hidden = msgspec.structs.replace(EDGE, release_header=False)
    assert "set-header X-Mainstay-Release" not in render(hidden, SLOTS, PORTS, FOLDERS).text


def door(port: int) -> list[str]:
    sections = render(EDGE, SLOTS, PORTS, FOLDERS).text.split("\n\n")
    return next(section for section in sections if section.startswith(f"frontend door:{port}")).splitlines()


def judged(rendered: Rendered, folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / RELEASES).touch()
    (folder / "haproxy.cfg").write_text(rendered.text)
    command = [binary(), "-c", "-q", "-C", str(folder), "-f", str(folder / "haproxy.cfg")]
    return subprocess.run(command, capture_output=True, text=True, check=False)
