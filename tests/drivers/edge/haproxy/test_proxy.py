"""The HAProxy process: started, adopted, configured, reloaded and stopped, in front of two small backends."""

import asyncio
import os
import socket
import stat
from pathlib import Path
from signal import SIGKILL

import msgspec
import psutil
import pytest

from mainstay.drivers.edge.haproxy.runtime_api import NotAnswering, NotListening, RuntimeApi
from mainstay.errors import PortTaken, StepFailed
from mainstay.model import Edge, Route
from mainstay.system.listeners import holder
from tests.drivers.edge.haproxy.http_load import Client, free_port, wait_until
from tests.drivers.edge.haproxy.running_proxy import RunningProxy, running_proxy
from tests.fakes.disk import Disk
from tests.fakes.power import Power


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The disk that a proxy uses which starts after it."""
    return Disk(Power(), monkeypatch)


def api_at(path: Path) -> RuntimeApi:
    """Return a client of the runtime API at *path*."""
    return RuntimeApi(path, path)


async def drained(running: RunningProxy) -> bool:
    return await running.proxy.requests_in_flight("web", 1) == 0


async def generation(running: RunningProxy) -> str:
    return (await api_at(running.folders.haproxy_socket).info())["Pid"]


async def reload(running: RunningProxy) -> None:
    """Change a setting that needs a reload."""
    running.edge = msgspec.structs.replace(running.edge, answer_s=running.edge.answer_s + 1)
    await running.set_shares({41: 100})


async def test_requests_to_the_front_door_and_the_listener_reach_the_live_release(running: RunningProxy) -> None:
    assert await running.request() == "200 old"
    inside = await Client(running.listener_port).request()
    assert (inside.body, inside.headers["x-mainstay-release"]) == ("old", "41")


@pytest.mark.failure("F72")
async def test_a_traffic_switch_changes_the_release_that_responds(running: RunningProxy) -> None:
    await running.set_shares({42: 100})
    answer = await Client(running.front_port).request()
    assert (answer.body, answer.headers["x-mainstay-release"]) == ("new", "42")
    assert (await running.proxy.actual()).traffic == {"web": {42: 100.0}}


@pytest.mark.failure("F22")
async def test_the_state_files_are_synced_before_commands_are_sent(disk: Disk, running: RunningProxy) -> None:
    maps = {"releases.map", "maintenance.map", "health.map"}
    assert {path.name for path in disk.renamed} == {"haproxy.cfg", "refusals.lua", "servers", "preview.key", *maps}
    await running.set_shares({42: 100})
    assert disk.lost() == set()


async def test_converging_without_a_change_is_fast_and_starts_nothing(running: RunningProxy) -> None:
    before = running.proxy.process.running(), await generation(running)
    await running.set_shares({41: 100})
    assert (running.proxy.process.running(), await generation(running)) == before


async def test_a_restarted_supervisor_adopts_the_running_haproxy(running: RunningProxy) -> None:
    before = running.proxy.process.running()
    adopted = running.reopened()
    assert (await adopted.actual()).traffic == {"web": {41: 100.0}}
    await adopted.converge(running.edge, running.ports, running.slots({41: 50, 42: 50}))
    assert adopted.process.running() == before
    assert (await running.reopened().actual()).traffic == {"web": {41: 50.0, 42: 50.0}}


@pytest.mark.failure("F71")
async def test_a_killed_proxy_serves_again_with_the_same_slots(running: RunningProxy) -> None:
    await running.set_shares({42: 100})
    process = running.proxy.process.running()
    assert process is not None
    for pid in running.pids(process):
        os.kill(pid, SIGKILL)
    await wait_until(lambda: running.proxy.process.running() is None)
    start = asyncio.get_running_loop().time()
    await running.set_shares({42: 100})
    assert await running.request() == "200 new"
    assert asyncio.get_running_loop().time() - start < 1


async def test_a_master_killed_alone_leaves_no_worker_on_its_ports(running: RunningProxy) -> None:
    process = running.proxy.process.running()
    assert process is not None
    os.kill(process.pid, SIGKILL)
    await wait_until(lambda: running.proxy.process.running() is None)
    await running.set_shares({42: 100})
    assert await running.request() == "200 new"


async def test_a_stopped_proxy_leaves_no_process_and_no_open_port(running: RunningProxy) -> None:
    process = running.proxy.process.running()
    assert process is not None
    await running.proxy.converge(None, {}, ())
    assert (running.pids(process), holder(running.front_port)) == ((), None)
    assert (await running.proxy.actual()).traffic == {}


async def test_without_a_live_release_the_response_has_retry_after(running: RunningProxy) -> None:
    await running.set_shares({}, without=(41, 42))
    answer = await Client(running.front_port).request()
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    assert (await running.proxy.actual()).traffic == {}


@pytest.mark.parametrize("edge", [Edge(http=free_port(), routes=(Route("/app", "web"),))], ids=["/app"])
async def test_a_path_without_a_route_is_not_found(running: RunningProxy) -> None:
    assert (await running.request("/elsewhere"))[:3] == "404"
    assert await running.request("/app/x") == "200 old"


async def test_a_client_cannot_forge_its_address(running: RunningProxy) -> None:
    forged = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https", "Forwarded": "for=6.6.6.6"}
    spelt = {"X_Forwarded_For": "6.6.6.6", "X-Real-IP": "6.6.6.6", "x_real_ip": "6.6.6.6"}
    await running.request(headers=forged | spelt | {"X-Forwarded-Host": "evil.example"})
    seen = running.old.requests[-1]
    assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("127.0.0.1", "http")
    assert not {"forwarded", "x_forwarded_for", "x-real-ip", "x_real_ip"} & seen.keys()


@pytest.mark.parametrize("edge", [Edge(http=free_port(), routes=(Route("/app", "web"),))], ids=["/app"])
async def test_a_response_of_the_edge_itself_has_an_id_too(running: RunningProxy) -> None:
    answer = await Client(running.front_port).request("/elsewhere", headers={"X-Request-Id": "mine-2"})
    assert (answer.status, answer.headers["x-request-id"]) == (404, "mine-2")


async def test_every_request_has_an_id_and_a_well_formed_one_is_kept(running: RunningProxy) -> None:
    await running.request(headers={"X-Request-Id": "mine-1"})
    await running.request()
    for odd in ('q"', "q\\", 'q"\\', "a b", "x" * 129):
        await running.request(headers={"X-Request-Id": odd})
    kept, *made = (request["x-request-id"] for request in running.old.requests)
    assert kept == "mine-1"
    assert [len(each) for each in made] == [36] * 6
    assert len(set(made)) == 6


async def test_the_access_log_has_release_slot_and_path_but_not_the_query(running: RunningProxy) -> None:
    await running.request('/a"b?token=hidden', headers={"X-Request-Id": "!#[]~"})
    await running.set_shares({42: 100})
    await running.request("/c")
    first, second = await running.wait_for_log_entries(2)
    assert (first.release, first.slot, first.path, first.id) == (41, 1, '/a"b', "!#[]~")
    assert (second.release, second.slot, second.status, second.ended) == (42, 2, 200, "--")
    assert b"hidden" not in (running.folders.logs / "edge" / "access.log").read_bytes()


async def test_requests_in_flight_are_counted_until_they_end(running: RunningProxy) -> None:
    slow = asyncio.create_task(running.request("/slow"))
    await wait_until(lambda: len(running.old.requests) == 1)
    await running.set_shares({42: 100})
    assert await running.proxy.requests_in_flight("web", 1) == 1
    running.old.released.set()
    assert await slow == "200 old"
    await wait_until(lambda: drained(running))


async def test_requests_of_an_old_worker_are_counted_too(running: RunningProxy) -> None:
    slow = asyncio.create_task(running.request("/slow"))
    await wait_until(lambda: len(running.old.requests) == 1)
    await reload(running)
    assert await running.proxy.requests_in_flight("web", 1) == 1
    running.old.released.set()
    assert await slow == "200 old"
    await wait_until(lambda: drained(running))


async def test_a_freed_slot_has_no_address(running: RunningProxy) -> None:
    await running.set_shares({42: 100})
    await running.set_shares({42: 100}, without=(41,))
    servers = await api_at(running.folders.haproxy_socket).servers()
    assert (servers["web.s1"].state, servers["web.s1"].address) == ("maint", "127.0.0.1:1")


async def test_a_command_that_haproxy_refuses_is_an_error(running: RunningProxy) -> None:
    admin = api_at(running.folders.haproxy_socket)
    for command in ("set server web/web.s99 state ready", "set map releases.map web.s99 1", "set weight"):
        with pytest.raises(StepFailed, match="refused"):
            await admin.send([command])


async def test_more_commands_than_fit_on_a_line_are_all_executed(running: RunningProxy) -> None:
    admin = api_at(running.folders.haproxy_socket)
    await admin.send([f"set server web/web.s{1 + n % 6} weight {1 + n}" for n in range(600 // 4)] * 4)
    assert (await admin.servers())["web.s6"].weight == 150


async def test_a_taken_port_is_refused_with_its_holder_before_anything_changes(
    running: RunningProxy,
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        wanted = msgspec.structs.replace(running.edge, http=taken)
        match = rf"port {taken} is taken by .*\(pid {os.getpid()}\)"
        with pytest.raises(PortTaken, match=match):
            running.proxy.require_free_ports(wanted, running.ports, running.counts)
        with pytest.raises(PortTaken, match=match):
            await running.proxy.converge(wanted, running.ports, running.slots({41: 100}))
    assert await running.request() == "200 old"


async def test_a_port_of_another_edge_is_refused(running: RunningProxy) -> None:
    async with running_proxy() as other:
        wanted = msgspec.structs.replace(other.edge, http=running.front_port)
        with pytest.raises(PortTaken, match="haproxy"):
            await other.proxy.converge(wanted, other.ports, other.slots({41: 100}))


async def test_only_the_supervisor_can_connect_to_its_sockets(running: RunningProxy) -> None:
    # HAProxy binds a socket under a name that ends in .tmp first, and keeps the one it replaces as .bak meanwhile.
    sockets = [path for path in running.folders.sockets.iterdir() if path.suffix not in {".tmp", ".bak"}]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in sockets}
    assert modes == dict.fromkeys(("haproxy.sock", "master.sock", "access.sock", "preview.sock"), 0o600)
    assert running.folders.haproxy_socket.stat().st_uid == os.getuid()


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")
async def test_as_root_the_workers_run_without_privileges(running: RunningProxy) -> None:
    process = running.proxy.process.running()
    assert process is not None
    workers = [psutil.Process(pid) for pid in running.pids(process) if pid != process.pid]
    assert {worker.uids().real for worker in workers} == {65534}
    assert {worker.gids().real for worker in workers} == {65534}


async def test_a_failing_release_is_neither_ejected_nor_retried(running: RunningProxy) -> None:
    running.new.status = 503
    await running.set_shares({41: 50, 42: 50})
    answers = [await running.request() for _ in range(40)]
    assert answers.count("503 new") == 20


async def test_a_post_aborted_by_its_instance_is_not_sent_again(running: RunningProxy) -> None:
    running.old.aborts_at = "/once"
    await running.set_shares({41: 100, 42: 0})
    assert (await running.request("/once", method="POST"))[:3] == "502"
    assert not [request for request in running.old.requests if request[":path"] == "/once"]


async def test_the_slots_of_a_new_service_need_a_reload(running: RunningProxy) -> None:
    before = await generation(running)
    running.counts |= {"more": 2}
    await running.set_shares({42: 100})
    assert await generation(running) != before
    assert await running.request() == "200 new"


def test_a_haproxy_that_does_not_listen_yet_is_not_reported_as_frozen(tmp_path: Path) -> None:
    with pytest.raises(NotListening, match="did not listen"):
        asyncio.run(api_at(tmp_path / "haproxy.sock").servers())


def test_nothing_waits_for_a_haproxy_that_has_ended(tmp_path: Path) -> None:
    ended = RuntimeApi(tmp_path / "haproxy.sock", tmp_path / "master.sock", lambda: False)
    with pytest.raises(NotListening, match="does not listen"):  # After a wait it would be "did not listen within".
        asyncio.run(ended.servers())


def test_a_haproxy_that_listens_and_does_not_reply_is_frozen(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as frozen:
        frozen.bind(str(tmp_path / "haproxy.sock"))
        frozen.listen()
        with pytest.raises(NotAnswering, match="did not answer"):
            asyncio.run(api_at(tmp_path / "haproxy.sock").servers())


@pytest.mark.requirement("E52")
@pytest.mark.parametrize(
    ("edge", "open_at"),
    [
        (Edge(http=free_port(), routes=(Route("/", "web"),), address="127.0.0.2"), {"127.0.0.2"}),
        (Edge(http=free_port(), routes=(Route("/", "web"),), address="::1"), {"::1"}),
        (Edge(http=free_port(), routes=(Route("/", "web"),)), {"127.0.0.1", "127.0.0.2"}),
        (Edge(http=free_port(), routes=(Route("/", "web"),), address="::"), {"127.0.0.1", "127.0.0.2", "::1"}),
    ],
    ids=["one IPv4 address", "one IPv6 address", "every IPv4 address", "every address"],
)
async def test_the_front_door_listens_at_its_address_only(edge: Edge, open_at: set[str], running: RunningProxy) -> None:
    found = set()
    for address in ("127.0.0.1", "127.0.0.2", "::1"):
        try:
            _, writer = await asyncio.open_connection(address, edge.http)
        except OSError:
            continue
        writer.close()
        found.add(address)
    assert found == open_at
    assert running.edge == edge
