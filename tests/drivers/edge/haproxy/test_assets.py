"""Static files: how long clients keep them, and files that only one of two running releases has."""

import asyncio

import msgspec
import pytest

from mainstay.model import Edge, Route, Shares
from tests.drivers.edge.haproxy.http_load import Backend, Client, Response, free_port, wait_until
from tests.drivers.edge.haproxy.running_proxy import RunningProxy

OLD, NEW, NONE = "/assets/old.css", "/assets/new.css", "/assets/none.css"
KEPT = "public, max-age=86400, immutable"
SWITCHED: Shares = {41: 0, 42: 100}
STAGE: Shares = {41: 50, 42: 50}


@pytest.fixture
def edge() -> Edge:
    routes = (Route("/assets", "web", assets_s=86400), Route("/assets/raw", "web"), Route("/", "web"))
    return Edge(http=free_port(), routes=routes, release_header=True, compress=True)


async def two_releases(running: RunningProxy, shares: Shares) -> None:
    """Let each release have one file of its own, and send it its share of the traffic."""
    running.old.files, running.new.files = (OLD,), (NEW,)
    await running.set_shares(shares)


async def get(running: RunningProxy, path: str, method: str = "GET") -> Response:
    return await Client(running.front_port, keep_alive=False).request(path, method=method)


def requests_to(backend: Backend, path: str) -> list[str]:
    """Return the methods of the requests for *path* that have reached *backend*."""
    return [each[":method"] for each in backend.requests if each[":path"] == path]


@pytest.mark.requirement("E29")
async def test_only_successful_responses_of_the_route_are_kept(running: RunningProxy) -> None:
    for status, header in ((200, KEPT), (206, KEPT), (304, KEPT), (302, None), (404, "no-store"), (500, "no-store")):
        running.old.status = status
        response = await get(running, "/assets/a.css")
        assert (response.status, response.headers.get("cache-control")) == (status, header)
    running.old.status = 200
    for path, method in (("/assets/raw/a.css", "GET"), ("/", "GET"), ("/assets/a.css", "POST")):
        assert "cache-control" not in (await get(running, path, method)).headers
    assert (await get(running, "/assets/a.css", "HEAD")).headers["cache-control"] == KEPT


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        (("Cache-Control", "max-age=0"), True),
        (("Cache-Control", "Private, max-age=60"), False),
        (("Cache-Control", "no-store"), False),
        (("Set-Cookie", "session=1"), False),
    ],
)
async def test_a_response_for_one_client_alone_keeps_the_header_of_the_service(
    running: RunningProxy, header: tuple[str, str], *, kept: bool
) -> None:
    running.old.headers = (header,)
    response = await get(running, "/assets/a.css")
    own = [value for name, value in (header,) if name == "Cache-Control"]
    assert response.all("cache-control") == ([KEPT] if kept else own)


async def test_the_preview_door_sends_the_same_header(running: RunningProxy) -> None:
    running.preview = {"web": 42}
    await running.set_shares({41: 100})
    assert (await running.preview_response("/assets/a.css")).headers["cache-control"] == KEPT
    assert "cache-control" not in (await running.preview_response("/assets/raw/a.css")).headers


@pytest.mark.requirement("B57")
@pytest.mark.parametrize("shares", [STAGE, SWITCHED], ids=["a stage", "after the switch"])
async def test_a_file_that_only_one_release_has_is_served_by_it(running: RunningProxy, shares: Shares) -> None:
    await two_releases(running, shares)
    for path, body, release in ((OLD, "old", "41"), (NEW, "new", "42")) * 4:
        response = await get(running, path)
        assert (response.status, response.body) == (200, body)
        assert response.all("x-mainstay-release") == [release]
        assert response.all("cache-control") == [KEPT]


@pytest.mark.parametrize("shares", [STAGE, SWITCHED], ids=["a stage", "after the switch"])
async def test_the_log_has_one_line_for_each_request_with_the_release_that_responded(
    running: RunningProxy, shares: Shares
) -> None:
    await two_releases(running, shares)
    for path in (OLD, NEW) * 4:
        await get(running, path)
    found = await running.wait_for_log_entries(8)
    assert sorted((each.path, each.status, each.service, each.release) for each in found) == sorted(
        [(OLD, 200, "web", 41), (NEW, 200, "web", 42)] * 4
    )
    assert {each.route for each in found} == {"/assets"}
    assert not any(each.preview for each in found)
    assert len({each.id for each in found}) == 8


async def test_a_file_that_no_release_has_is_one_404(running: RunningProxy) -> None:
    await two_releases(running, SWITCHED)
    response = await get(running, NONE)
    assert (response.status, response.headers["cache-control"]) == (404, "no-store")
    assert [requests_to(each, NONE) for each in (running.old, running.new)] == [["GET"], ["GET"]]
    (line,) = await running.wait_for_log_entries(1)
    assert (line.status, line.release) == (404, 41)


async def test_a_post_and_any_other_error_are_not_repeated(running: RunningProxy) -> None:
    await two_releases(running, SWITCHED)
    assert (await get(running, OLD, "POST")).status == 404
    assert requests_to(running.old, OLD) == []
    running.new.files, running.new.status = None, 500
    assert (await get(running, OLD)).status == 500
    assert requests_to(running.old, OLD) == []


async def test_requests_of_other_routes_are_not_repeated(running: RunningProxy) -> None:
    await two_releases(running, SWITCHED)
    for path in ("/assets/raw/old.css", "/old.css"):
        assert (await get(running, path)).status == 404
    assert running.old.requests == []


async def test_the_other_release_gets_no_request_for_a_file_that_the_chosen_one_has(running: RunningProxy) -> None:
    await two_releases(running, SWITCHED)
    for _ in range(4):
        assert (await get(running, NEW)).status == 200
    assert running.old.requests == []


async def test_a_release_without_traffic_yet_gets_no_request(running: RunningProxy) -> None:
    await two_releases(running, {41: 100})
    assert (await get(running, NEW)).status == 404
    assert running.new.requests == []


async def test_an_old_release_that_is_gone_or_fails_does_not_make_a_404_an_error(running: RunningProxy) -> None:
    await two_releases(running, SWITCHED)
    running.old.files, running.old.status = None, 500
    assert (await get(running, OLD)).status == 404
    running.old.kill()
    for _ in range(3):
        assert (await get(running, OLD)).status == 404
    assert (await get(running, NEW)).status == 200
    await running.set_shares({42: 100}, without=(41,))
    assert (await get(running, OLD)).status == 404


async def test_a_download_over_the_bridge_counts_as_in_flight_so_that_its_instance_is_drained(
    running: RunningProxy,
) -> None:
    running.edge = msgspec.structs.replace(running.edge, routes=(Route("/slow", "web", assets_s=60),))
    running.new.files = ()
    running.new.released.set()
    await running.set_shares(SWITCHED)
    download = asyncio.create_task(get(running, "/slow/a.css"))
    await wait_until(lambda: bool(requests_to(running.old, "/slow/a.css")))
    assert await running.proxy.requests_in_flight("web", 1) == 1
    running.old.released.set()
    assert (await download).body == "old"
    assert await running.proxy.requests_in_flight("web", 1) == 0
