"""HAProxy under the supervisor: started, adopted, told its slots, ended. A real one, and two small backends."""

import asyncio
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from signal import SIGKILL

import msgspec
import psutil
import pytest

from mainstay.drivers.edge.haproxy.runtime_api import NotAnswering, NotListening, RuntimeApi
from mainstay.errors import PortTaken, StepFailed
from mainstay.model import Edge, Route
from mainstay.system.listeners import holder
from tests.drivers.edge.haproxy.stage import Stage, stage
from tests.drivers.edge.haproxy.traffic import Client, free_port, until
from tests.fakes.disk import Disk
from tests.fakes.power import Power

Story = Callable[[Stage], Awaitable[None]]


def played(story: Story, edge: Edge | None = None) -> None:
    async def whole() -> None:
        async with stage(edge) as here:
            await story(here)

    asyncio.run(whole())


def test_requests_reach_the_release_that_serves_through_the_door_and_through_the_listener() -> None:
    async def story(here: Stage) -> None:
        assert await here.asks() == "200 old"
        inside = await Client(here.inner).ask()
        assert (inside.body, inside.headers["x-mainstay-release"]) == ("old", "41")

    played(story)


@pytest.mark.failure("F72")
def test_a_switch_is_seen_by_asking_through_the_edge() -> None:
    async def story(here: Stage) -> None:
        await here.give({42: 100})
        answer = await Client(here.front).ask()
        assert (answer.body, answer.headers["x-mainstay-release"]) == ("new", "42")
        assert await here.proxy.actual_traffic() == {"web": {42: 100.0}}

    played(story)


@pytest.mark.failure("F22")
def test_the_state_files_are_on_the_disk_before_commands_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(here: Stage) -> None:
        assert {path.name for path in disk.renamed} == {"haproxy.cfg", "releases.map", "servers"}
        await here.give({42: 100})
        assert disk.lost() == set()

    disk = Disk(Power(), monkeypatch)
    played(story)


def test_converging_without_a_change_is_fast_and_starts_nothing() -> None:
    async def story(here: Stage) -> None:
        before = here.proxy.process(), await generation(here)
        await here.give({41: 100})
        assert (here.proxy.process(), await generation(here)) == before

    played(story)


def test_a_restarted_supervisor_adopts_the_running_haproxy() -> None:
    async def story(here: Stage) -> None:
        before = here.proxy.process()
        adopted = here.another()
        assert await adopted.actual_traffic() == {"web": {41: 100.0}}
        await adopted.converge(here.edge, here.ports, here.slots({41: 50, 42: 50}))
        assert adopted.process() == before
        assert await here.another().actual_traffic() == {"web": {41: 50.0, 42: 50.0}}

    played(story)


@pytest.mark.failure("F71")
def test_a_killed_proxy_serves_again_with_the_same_slots() -> None:
    async def story(here: Stage) -> None:
        await here.give({42: 100})
        process = here.proxy.process()
        assert process is not None
        for pid in here.members(process):
            os.kill(pid, SIGKILL)
        await until(lambda: here.proxy.process() is None)
        began = asyncio.get_running_loop().time()
        await here.give({42: 100})
        assert await here.asks() == "200 new"
        assert asyncio.get_running_loop().time() - began < 1

    played(story)


def test_a_master_killed_alone_leaves_no_worker_on_its_ports() -> None:
    async def story(here: Stage) -> None:
        process = here.proxy.process()
        assert process is not None
        os.kill(process.pid, SIGKILL)
        await until(lambda: here.proxy.process() is None)
        await here.give({42: 100})
        assert await here.asks() == "200 new"

    played(story)


def test_a_stopped_proxy_leaves_no_process_and_no_open_port() -> None:
    async def story(here: Stage) -> None:
        process = here.proxy.process()
        assert process is not None
        await here.proxy.converge(None, {}, ())
        assert (here.members(process), holder(here.front)) == ((), None)
        assert await here.proxy.actual_traffic() == {}

    played(story)


def test_without_a_live_release_the_response_has_retry_after() -> None:
    async def story(here: Stage) -> None:
        await here.give({}, without=(41, 42))
        answer = await Client(here.front).ask()
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert await here.proxy.actual_traffic() == {}

    played(story)


def test_a_path_without_a_route_is_not_found() -> None:
    port = free_port()

    async def story(here: Stage) -> None:
        assert (await here.asks("/elsewhere"))[:3] == "404"
        assert await here.asks("/app/x") == "200 old"

    played(story, Edge(http=port, routes=(Route("/app", "web"),)))


def test_a_client_cannot_say_where_it_comes_from() -> None:
    async def story(here: Stage) -> None:
        forged = {"X-Forwarded-For": "6.6.6.6", "X-Forwarded-Proto": "https", "Forwarded": "for=6.6.6.6"}
        spelt = {"X_Forwarded_For": "6.6.6.6", "X-Real-IP": "6.6.6.6", "x_real_ip": "6.6.6.6"}
        await here.asks(headers=forged | spelt | {"X-Forwarded-Host": "evil.example"})
        seen = here.old.seen[-1]
        assert (seen["x-forwarded-for"], seen["x-forwarded-proto"]) == ("127.0.0.1", "http")
        assert not {"forwarded", "x-forwarded-host", "x_forwarded_for", "x-real-ip", "x_real_ip"} & seen.keys()

    played(story)


def test_every_request_has_an_id_and_keeps_the_one_it_brought() -> None:
    async def story(here: Stage) -> None:
        await here.asks(headers={"X-Request-Id": "mine-1"})
        await here.asks()
        kept, made = (request["x-request-id"] for request in here.old.seen)
        assert kept == "mine-1"
        assert len(made) == 36

    played(story)


def test_the_log_has_release_slot_and_path_and_never_the_query() -> None:
    async def story(here: Stage) -> None:
        await here.asks('/a"b?token=hidden', headers={"X-Request-Id": 'q"\\'})
        await here.give({42: 100})
        await here.asks("/c")
        first, second = await here.until_logged(2)
        assert (first.release, first.slot, first.path, first.id) == (41, 1, '/a"b', 'q"\\')
        assert (second.release, second.slot, second.status, second.ended) == (42, 2, 200, "--")
        assert b"hidden" not in (here.folders.logs / "edge" / "access.log").read_bytes()

    played(story)


async def drained(here: Stage) -> bool:
    return await here.proxy.connections("web", 1) == 0


def test_requests_in_flight_are_counted_until_they_end() -> None:
    async def story(here: Stage) -> None:
        slow = asyncio.create_task(here.asks("/slow"))
        await until(lambda: len(here.old.seen) == 1)
        await here.give({42: 100})
        assert await here.proxy.connections("web", 1) == 1
        here.old.released.set()
        assert await slow == "200 old"
        await until(lambda: drained(here))

    played(story)


def test_requests_of_a_worker_that_only_finishes_are_counted_too() -> None:
    async def story(here: Stage) -> None:
        slow = asyncio.create_task(here.asks("/slow"))
        await until(lambda: len(here.old.seen) == 1)
        await reload(here)
        assert await here.proxy.connections("web", 1) == 1
        here.old.released.set()
        assert await slow == "200 old"
        await until(lambda: drained(here))

    played(story)


def test_a_slot_that_is_free_again_has_no_address() -> None:
    async def story(here: Stage) -> None:
        await here.give({42: 100})
        await here.give({42: 100}, without=(41,))
        servers = await RuntimeApi(here.folders.haproxy_socket, here.folders.haproxy_socket).servers()
        assert (servers["web.s1"].state, servers["web.s1"].address) == ("maint", "127.0.0.1:1")

    played(story)


def test_a_command_that_haproxy_refuses_is_an_error() -> None:
    async def story(here: Stage) -> None:
        admin = RuntimeApi(here.folders.haproxy_socket, here.folders.haproxy_socket)
        for command in ("set server web/web.s99 state ready", "set map releases.map nobody 1", "set weight"):
            with pytest.raises(StepFailed, match="refused"):
                await admin.send([command])

    played(story)


def test_more_commands_than_fit_a_line_are_all_carried_out() -> None:
    async def story(here: Stage) -> None:
        admin = RuntimeApi(here.folders.haproxy_socket, here.folders.haproxy_socket)
        await admin.send([f"set server web/web.s{1 + n % 6} weight {1 + n}" for n in range(600 // 4)] * 4)
        assert (await admin.servers())["web.s6"].weight == 150

    played(story)


def test_a_port_of_another_program_is_refused_with_its_holder_before_anything_changes() -> None:
    async def story(here: Stage) -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            taken = other.getsockname()[1]
            wanted = msgspec.structs.replace(here.edge, http=taken)
            said = rf"port {taken} is taken by .*\(pid {os.getpid()}\)"
            with pytest.raises(PortTaken, match=said):
                here.proxy.refuse_taken(wanted, here.ports, here.counts)
            with pytest.raises(PortTaken, match=said):
                await here.proxy.converge(wanted, here.ports, here.slots({41: 100}))
        assert await here.asks() == "200 old"

    played(story)


def test_two_edges_never_share_a_port_in_silence() -> None:
    async def story(here: Stage) -> None:
        async with stage() as other:
            wanted = msgspec.structs.replace(other.edge, http=here.front)
            with pytest.raises(PortTaken, match="haproxy"):
                await other.proxy.converge(wanted, other.ports, other.slots({41: 100}))

    played(story)


def test_only_the_supervisor_can_speak_to_it() -> None:
    async def story(here: Stage) -> None:
        # HAProxy binds a socket under a name that ends in .tmp first, and keeps the one it replaces as .bak meanwhile.
        sockets = [path for path in here.folders.sockets.iterdir() if path.suffix not in {".tmp", ".bak"}]
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in sockets}
        assert modes == {"haproxy.sock": 0o600, "master.sock": 0o600, "access.sock": 0o600}
        assert here.folders.haproxy_socket.stat().st_uid == os.getuid()

    played(story)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")
def test_as_root_the_workers_run_as_the_user_nobody() -> None:
    async def story(here: Stage) -> None:
        process = here.proxy.process()
        assert process is not None
        workers = [psutil.Process(pid) for pid in here.members(process) if pid != process.pid]
        assert {worker.uids().real for worker in workers} == {65534}
        assert {worker.gids().real for worker in workers} == {65534}

    played(story)


def test_a_sick_release_is_neither_ejected_nor_retried() -> None:
    async def story(here: Stage) -> None:
        here.new.status = 503
        await here.give({41: 50, 42: 50})
        answers = [await here.asks() for _ in range(40)]
        assert answers.count("503 new") == 20

    played(story)


def test_a_post_that_died_with_its_instance_is_not_sent_twice() -> None:
    async def story(here: Stage) -> None:
        here.old.dies_at = "/once"
        await here.give({41: 100, 42: 0})
        assert (await here.asks("/once", method="POST"))[:3] == "502"
        assert not [request for request in here.old.seen if request[":path"] == "/once"]

    played(story)


async def generation(here: Stage) -> str:
    return (await RuntimeApi(here.folders.haproxy_socket, here.folders.haproxy_socket).info())["Pid"]


async def reload(here: Stage) -> None:
    """Change what only a reload can."""
    here.edge = msgspec.structs.replace(here.edge, answer_s=here.edge.answer_s + 1)
    await here.give({41: 100})


def test_slots_of_a_service_that_is_new_come_with_a_reload() -> None:
    async def story(here: Stage) -> None:
        before = await generation(here)
        here.counts |= {"more": 2}
        await here.give({42: 100})
        assert await generation(here) != before
        assert await here.asks() == "200 new"

    played(story)


def haproxy_at(path: Path) -> RuntimeApi:
    """HAProxy's client for a socket where a test listens, or nothing does."""
    return RuntimeApi(path, path)


def test_a_haproxy_that_does_not_listen_yet_is_not_reported_as_frozen(tmp_path: Path) -> None:
    with pytest.raises(NotListening, match="did not listen"):
        asyncio.run(haproxy_at(tmp_path / "haproxy.sock").servers())


def test_a_haproxy_that_listens_and_does_not_reply_is_frozen(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as frozen:
        frozen.bind(str(tmp_path / "haproxy.sock"))
        frozen.listen()
        with pytest.raises(NotAnswering, match="did not answer"):
            asyncio.run(haproxy_at(tmp_path / "haproxy.sock").servers())
