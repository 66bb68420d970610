"""The preview door leads to the previewed revisions, and listeners follow its signed header; outsiders cannot."""

import asyncio
import base64
import hashlib
import hmac
import shutil
import time

import msgspec
import pytest

from mainstay.drivers.edge.haproxy.preview_key import HEADER, KEY, Allowed
from mainstay.drivers.edge.haproxy.proxy import Proxy
from mainstay.model import Edge, Route
from tests.drivers.edge.haproxy.http_load import Client, Response, free_port, wait_until
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

OWN_PORT = free_port()
LOWER = HEADER.lower()
ALLOWED: tuple[Allowed, ...] = ("preview", "replaced", "front")


def signed(running: RunningProxy, allowed: Allowed = "preview", *, lasts_s: float = 60, key: bytes = b"") -> str:
    """Return a header as the preview door makes it."""
    stored = base64.b64decode((running.folders.edge / KEY).read_text().split()[1])
    expires = str(int(time.time() + lasts_s))
    return f"{expires}.{hmac.new(key or stored, f'{expires}.{allowed}'.encode(), hashlib.sha256).hexdigest()}"


async def set_preview(running: RunningProxy, release: int | None) -> None:
    """Let the preview lead to *release*, while release 41 receives all traffic."""
    running.preview = {} if release is None else {"web": release}
    await running.set_shares({41: 100})


async def worker_pid(proxy: Proxy) -> str:
    return (await proxy._api.info())["Pid"]


async def test_the_preview_door_leads_to_a_release_without_traffic(running: RunningProxy) -> None:
    await set_preview(running, 42)
    found = await running.preview_response()
    assert (found.status, found.body, found.headers["x-mainstay-release"]) == (200, "new", "42")
    assert await running.request() == "200 old"
    assert (await running.proxy.actual()).preview == {"web": 42}


async def test_without_a_preview_the_serving_release_responds_through_the_preview_door(running: RunningProxy) -> None:
    found = await running.preview_response()
    assert (found.body, found.headers["x-mainstay-release"]) == ("old", "41")
    assert (await running.proxy.actual()).preview == {}


async def ask_replaced(running: RunningProxy, path: str = "/") -> Response:
    return await running.preview_response(path, headers={HEADER: "replaced"})


@pytest.mark.parametrize("share", [0.0, 50.0, 100.0])
async def test_the_preview_door_leads_to_the_replaced_release_on_request(share: float, running: RunningProxy) -> None:
    running.preview, running.replaced = {"web": 42}, {"web": 41}
    await running.set_shares({41: 100 - share, 42: share})
    found = [await ask_replaced(running), await running.preview_response(), await ask_replaced(running)]
    assert [(each.body, each.headers["x-mainstay-release"]) for each in found] == [
        ("old", "41"),
        ("new", "42"),
        ("old", "41"),
    ]


async def test_a_listener_follows_a_request_to_the_replaced_release(running: RunningProxy) -> None:
    running.preview, running.replaced = {"web": 42}, {"web": 41}
    await running.set_shares({42: 100.0})
    await ask_replaced(running)
    header = running.old.requests[-1][LOWER]
    assert header in {signed(running, "replaced", lasts_s=300 + late) for late in (-2, -1, 0)}
    found = [
        (await Client(running.listener_port).request(headers={HEADER: each})).body for each in (header, "replaced")
    ]
    assert found == ["old", "new"]
    assert running.old.requests[-1][LOWER] == header


async def test_without_a_ready_instance_of_the_replaced_release_the_serving_one_responds(running: RunningProxy) -> None:
    running.replaced = {"web": 41}
    await running.set_shares({42: 100.0}, without=(41,))
    assert (await ask_replaced(running)).headers["x-mainstay-release"] == "42"


async def test_without_a_ready_instance_of_the_preview_the_serving_release_responds(running: RunningProxy) -> None:
    running.preview = {"web": 42}
    await running.set_shares({41: 100}, without=(42,))
    assert (await running.preview_response()).headers["x-mainstay-release"] == "41"


@pytest.mark.parametrize("share", [5.0, 50.0, 95.0, 100.0])
async def test_the_preview_leads_to_the_new_release_at_every_share(share: float, running: RunningProxy) -> None:
    running.preview = {"web": 42}
    await running.set_shares({41: 100 - share, 42: share})
    assert {(await running.preview_response()).body for _ in range(10)} == {"new"}


async def test_a_change_of_the_preview_does_not_reload(running: RunningProxy) -> None:
    before = await worker_pid(running.proxy)
    for release in (42, 41, None, 42):
        await set_preview(running, release)
    assert await worker_pid(running.proxy) == before
    assert (await running.preview_response()).body == "new"


async def test_a_keep_alive_connection_follows_the_preview(running: RunningProxy) -> None:
    client = Client(running.folders.preview_socket)
    found = []
    for release in (None, 42, 41, 42, None):
        await set_preview(running, release)
        found.append((await client.request()).body)
    client.close()
    assert found == ["old", "new", "old", "new", "old"]


async def test_a_request_in_flight_through_the_preview_ends_normally_and_is_counted(running: RunningProxy) -> None:
    await set_preview(running, 42)
    request = asyncio.create_task(running.preview_response("/slow"))
    await wait_until(lambda: running.new.requests)
    assert await running.proxy.requests_in_flight("web", 2) == 1
    await set_preview(running, None)
    assert await running.proxy.requests_in_flight("web", 2) == 1
    running.new.released.set()
    assert (await request).body == "new"
    assert await running.proxy.requests_in_flight("web", 2) == 0


async def test_each_request_through_the_preview_door_has_a_fresh_signed_header(running: RunningProxy) -> None:
    await running.preview_response(headers={HEADER: "mine", "X_Mainstay_Preview": "mine"})
    received = running.old.requests[-1]
    assert (await Client(running.listener_port).request(headers={HEADER: received[LOWER]})).status == 200
    assert running.old.requests[-1][LOWER] == received[LOWER]
    assert "x_mainstay_preview" not in received
    assert received[LOWER] in {signed(running, lasts_s=300 + late) for late in (-2, -1, 0)}


async def test_a_listener_follows_a_genuine_header_and_forwards_it(running: RunningProxy) -> None:
    await set_preview(running, 42)
    genuine = signed(running)
    assert (await Client(running.listener_port).request(headers={LOWER: genuine})).body == "new"
    assert running.new.requests[-1][LOWER] == genuine
    assert (await Client(running.listener_port).request()).body == "old"


async def test_one_connection_to_a_listener_may_mix_requests_with_and_without_the_header(running: RunningProxy) -> None:
    await set_preview(running, 42)
    client = Client(running.listener_port)
    headers = [{HEADER: signed(running)}, {}, {HEADER: signed(running)}, {HEADER: "forged"}]
    assert [(await client.request(headers=each)).body for each in headers] == ["new", "old", "new", "old"]
    client.close()


def forged(running: RunningProxy, how: str) -> dict[str, str]:
    genuine = signed(running)
    expires, _, signature = genuine.partition(".")
    values = {
        "expired": {HEADER: signed(running, lasts_s=-1)},
        "for a front door": {HEADER: signed(running, "front")},
        "another key": {HEADER: signed(running, key=b"another key")},
        "an empty key": {HEADER: signed(running, key=b"\0")},
        "cut": {HEADER: genuine[:-1]},
        "longer": {HEADER: f"{genuine}0"},
        "a later end": {HEADER: f"{int(expires) + 1}.{signature}"},
        "capitals": {HEADER: genuine.upper()},
        "no signature": {HEADER: f"{expires}."},
        "twice": {HEADER: genuine, LOWER: genuine},
        "twice, one forged": {HEADER: genuine, LOWER: "forged"},
        "in a list": {HEADER: f"{genuine},{genuine}"},
        "in a list with an empty one": {HEADER: f",{genuine}"},
        "with an underscore": {"X_Mainstay_Preview": genuine},
        "a word": {HEADER: "42"},
        "empty": {HEADER: ""},
    }
    return values[how]


FORGED = [
    "expired", "for a front door", "another key", "an empty key", "cut", "longer", "a later end", "capitals",
    "no signature", "twice", "twice, one forged", "in a list", "in a list with an empty one", "with an underscore",
    "a word", "empty",
]  # fmt: skip


@pytest.mark.parametrize("how", FORGED)
async def test_a_listener_ignores_and_removes_a_header_that_is_not_genuine(how: str, running: RunningProxy) -> None:
    await set_preview(running, 42)
    found = await Client(running.listener_port).request(headers=forged(running, how))
    assert found.body == "old"
    assert not [name for name in running.old.requests[-1] if "mainstay" in name]


@pytest.mark.parametrize(
    "edge", [Edge(http=free_port(), routes=(Route("/", "web"), Route("/", "web", listen=OWN_PORT)))]
)
@pytest.mark.parametrize("spelled", [HEADER, LOWER, HEADER.upper(), "X_Mainstay_Preview", "X-Mainstay_Preview"])
async def test_a_front_door_removes_even_a_genuine_header(spelled: str, running: RunningProxy) -> None:
    await set_preview(running, 42)
    for port in (running.front_port, OWN_PORT):
        for allowed in ALLOWED:
            found = await Client(port).request(headers={spelled: signed(running, allowed), "Connection": spelled})
            assert found.body == "old"
            assert not [name for name in running.old.requests[-1] if "mainstay" in name]
            assert "x-mainstay-release" not in found.headers


@pytest.mark.parametrize("edge", [Edge(http=free_port(), routes=(Route("/", "web"),))], ids=["not local"])
async def test_the_release_is_named_only_to_requests_of_the_preview(running: RunningProxy) -> None:
    listener = Client(running.listener_port, keep_alive=False)
    assert (await running.preview_response()).headers["x-mainstay-release"] == "41"
    assert (await listener.request(headers={HEADER: signed(running)})).headers["x-mainstay-release"] == "41"
    for headers in ({}, {HEADER: "forged"}):
        assert "x-mainstay-release" not in (await listener.request(headers=headers)).headers
    assert "x-mainstay-release" not in (await Client(running.front_port).request()).headers


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which speaks HTTP/2")
async def test_a_header_over_http_2_is_removed_at_a_front_door_and_checked_at_a_listener(
    running: RunningProxy,
) -> None:
    await set_preview(running, 42)
    found = [
        await curl(port, "--http2-prior-knowledge", *(word for value in values for word in ("-H", f"{LOWER}: {value}")))
        for port in (running.front_port, running.listener_port)
        for values in ([signed(running)], [signed(running), "x"])
    ]
    assert found == ["old", "old", "new", "old"]
    assert [LOWER in each for each in (*running.old.requests, *running.new.requests)] == [False] * 3 + [True]


async def curl(port: int, *options: str) -> str:
    """Return the body of the response to curl."""
    command = ("curl", "-s", *options, f"http://127.0.0.1:{port}/")
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode()


ROUTES = (
    Route("/app", "web"),
    Route("/", "none"),
    Route("/own", "web", listen=OWN_PORT),
    Route("/", "web", host="a.b"),
)


@pytest.mark.parametrize("edge", [Edge(http=free_port(), routes=ROUTES)], ids=["several routes"])
async def test_the_preview_door_has_the_routes_of_every_front_door(running: RunningProxy) -> None:
    await set_preview(running, 42)
    found = {
        (host, path): (await running.preview_response(path, headers={"Host": host})).status
        for host in ("x", "a.b", f"x:{OWN_PORT}")
        for path in ("/app", "/own", "/other")
    }
    assert found == {
        ("x", "/app"): 200,
        ("x", "/own"): 503,
        ("x", "/other"): 503,
        ("a.b", "/app"): 200,
        ("a.b", "/own"): 200,
        ("a.b", "/other"): 200,
        (f"x:{OWN_PORT}", "/app"): 404,
        (f"x:{OWN_PORT}", "/own"): 200,
        (f"x:{OWN_PORT}", "/other"): 404,
    }


async def test_the_access_log_marks_requests_of_the_preview(running: RunningProxy) -> None:
    await set_preview(running, 42)
    await running.preview_response("/a")
    await Client(running.listener_port).request("/b", headers={HEADER: signed(running)})
    await running.request("/c")
    await ask_replaced(running, "/d")
    entries = {each.path: each for each in await running.wait_for_log_entries(4)}
    assert [(each.door, each.service, each.slot, each.release, each.preview) for each in entries.values()] == [
        ("preview", "web", 2, 42, True),
        ("listener:web", "web", 2, 42, True),
        (f"door:{running.front_port}", "web", 1, 41, False),
        ("preview", "web", 1, 41, True),
    ]


async def test_the_key_is_private_and_appears_in_no_other_file(running: RunningProxy) -> None:
    key = running.folders.edge / KEY
    await set_preview(running, 42)
    await running.preview_response()
    await running.wait_for_log_entries(1)
    assert key.stat().st_mode & 0o777 == 0o600
    word = key.read_text().split()[1].encode()
    others = [path for path in running.folders.state.rglob("*") if path.is_file() and path != key]
    assert others
    assert not [path for path in others if word in path.read_bytes()]


async def test_the_key_stays_when_haproxy_reloads(running: RunningProxy) -> None:
    await set_preview(running, 42)
    genuine = signed(running)
    running.edge = msgspec.structs.replace(running.edge, answer_s=61.0)
    await set_preview(running, 42)
    assert (await Client(running.listener_port).request(headers={HEADER: genuine})).body == "new"
    assert (await running.preview_response()).body == "new"
