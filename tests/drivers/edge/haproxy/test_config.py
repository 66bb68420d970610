"""HAProxy's configuration: equal to the golden file, and accepted by HAProxy."""

import subprocess
from pathlib import Path

import msgspec
import pytest

from mainstay.drivers.edge.haproxy.config.maintenance import HEALTH, MAINTENANCE
from mainstay.drivers.edge.haproxy.config.refusals import SCRIPT
from mainstay.drivers.edge.haproxy.config.render import Rendered, render
from mainstay.drivers.edge.haproxy.preview_key import make_key
from mainstay.drivers.edge.haproxy.program import binary
from mainstay.drivers.edge.haproxy.state_files import RELEASES
from mainstay.model import Edge, Route
from mainstay.system.state_dir import Folders
from mainstay.system.users import UserIds

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
WORKER_USER = UserIds(65534, 65534, ())


def test_the_configuration_is_the_golden_file() -> None:
    assert render(EDGE, SLOTS, PORTS, FOLDERS, WORKER_USER).text == GOLDEN.read_text()


@pytest.mark.parametrize(
    ("edge", "slots"),
    [
        pytest.param(EDGE, SLOTS, id="everything"),
        pytest.param(Edge(), {}, id="nothing yet"),
        pytest.param(
            Edge(
                routes=(
                    Route('/a"b$c\\ d', "web", host="*.a.example", assets_s=60),
                    Route("/assets", "web", assets_s=60, listen=3001),
                    Route("/files", "none", assets_s=60, strip=True),
                )
            ),
            {"web": 1},
            id="static files",
        ),
        pytest.param(Edge(routes=(Route("/", "web"),)), {}, id="a service without slots"),
        pytest.param(Edge(address="::", routes=(Route('/a"b$c\\', "web"),)), {"web": 1}, id="odd characters"),
    ],
)
def test_haproxy_accepts_the_configuration(edge: Edge, slots: dict[str, int], tmp_path: Path) -> None:
    folders = Folders(tmp_path / "a state", tmp_path / "keys")
    check = check_with_haproxy(render(edge, slots, PORTS, folders, WORKER_USER), tmp_path)
    assert (check.returncode, check.stdout) == (0, "")


def test_routes_are_compared_by_host_then_by_the_longest_path() -> None:
    lines = [line.split()[1] for line in frontend(8080) if "use_backend" in line]
    assert lines == ["admin", "data", "web"]


def test_a_route_with_its_own_port_is_reachable_at_that_port_only() -> None:
    assert [line.split()[1] for line in frontend(3001) if "use_backend" in line] == ["data"]


def test_every_bound_port_is_returned() -> None:
    assert sorted(render(EDGE, SLOTS, PORTS, FOLDERS).ports) == [3001, 8080, 20001, 20002, 20003]


def test_a_front_door_without_a_port_gets_the_allocated_one() -> None:
    free = msgspec.structs.replace(EDGE, http=0)
    assert "bind 0.0.0.0:18080" in render(free, SLOTS, PORTS | {"edge": 18080}, FOLDERS).text


def test_a_changed_edge_is_another_generation() -> None:
    other = msgspec.structs.replace(EDGE, answer_s=61.0)
    first, again, second = (render(e, SLOTS, PORTS, FOLDERS) for e in (EDGE, EDGE, other))
    assert first.generation == again.generation != second.generation


def test_the_release_header_is_sent_to_the_public_only_when_it_is_enabled() -> None:
    hidden = msgspec.structs.replace(EDGE, release_header=False)
    assert not [line for line in frontend(8080, hidden) if "set-header X-Mainstay-Release" in line]


def frontend(port: int, edge: Edge = EDGE) -> list[str]:
    sections = render(edge, SLOTS, PORTS, FOLDERS).text.split("\n\n")
    return next(section for section in sections if section.startswith(f"frontend door:{port}")).splitlines()


def check_with_haproxy(rendered: Rendered, folder: Path) -> subprocess.CompletedProcess[str]:
    for name in (RELEASES, MAINTENANCE, HEALTH):
        (folder / name).touch()
    make_key(folder)
    (folder / SCRIPT).write_text(rendered.program)
    (folder / "haproxy.cfg").write_text(rendered.text)
    command = [binary(), "-c", "-q", "-C", str(folder), "-f", str(folder / "haproxy.cfg")]
    return subprocess.run(command, capture_output=True, text=True, check=False)
