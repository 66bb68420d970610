"""The cost of each feature of the front door: the edge with that feature alone, compared with the bare edge.

`python -m benchmarks.features` prints a table and writes `benchmarks/results/features.json`. A cost is a ratio of the
CPU time that HAProxy uses for a request, which other work on the machine affects less than the request rate. All edges
lead to the same backend and take turns. Load goes to 127.0.0.1, bounded in time.
"""

import asyncio
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec.structs import replace

from benchmarks.machine import write
from benchmarks.running_edge import UNLIMITED, RunningEdge, bare, running_edge, with_everything
from benchmarks.wrk import saturate
from mainstay.manifest.edge.headers import to_headers
from mainstay.model import Edge, Redirect, Route
from mainstay.model.cors import Cors
from mainstay.model.limits import Limits
from mainstay.model.tls import Tls
from tests.drivers.edge.haproxy.fast_load import fast_backend
from tests.drivers.edge.haproxy.http_load import free_port

SECONDS, ROUNDS = 1, 5
BODY = '[{"id":7,"name":"anvil","price":1299},{"id":8,"name":"rope","price":350}]'.replace('"', '\\"')
ORIGIN = "https://shop.example"


class Feature(NamedTuple):
    """An edge with one feature, and the headers of the requests that use it."""

    edge: Edge
    headers: Sequence[str] = ()


def features() -> dict[str, Feature]:
    """Return what is compared with `bare`, which must be the first."""
    routes = tuple(Route(f"/area-{number}", "web") for number in range(9))
    return {
        "bare": Feature(bare()),
        "release_header": Feature(replace(bare(), release_header=True)),
        "headers strict": Feature(replace(bare(), headers=to_headers({}))),
        "cors": Feature(replace(bare(), cors=Cors((ORIGIN,))), [f"Origin: {ORIGIN}"]),
        "compress, not accepted": Feature(replace(bare(), compress=True)),
        "compress": Feature(replace(bare(), compress=True), ["Accept-Encoding: gzip"]),
        "limits body and headers": Feature(replace(bare(), limits=Limits(body_bytes=1_000_000, headers_bytes=8192))),
        "limits connections": Feature(replace(bare(), limits=Limits(connections=1000))),
        "limits per_client": Feature(replace(bare(), limits=Limits(per_client=UNLIMITED))),
        "trusted_proxies": Feature(
            replace(bare(), trusted_proxies=("127.0.0.0/8",)), ["X-Forwarded-For: 192.0.2.7, 127.0.0.9"]
        ),
        "ten routes": Feature(replace(bare(), routes=(*routes, Route("/", "web")))),
        "ten routes by host": Feature(
            replace(bare(), routes=(*(replace(each, host="*.shop.example") for each in routes), Route("/", "web")))
        ),
        "ten redirects": Feature(
            replace(bare(), redirects=tuple(Redirect("", each.path, "/elsewhere") for each in routes))
        ),
        "tls": Feature(replace(bare(), https=free_port(), tls=Tls())),
        "everything": Feature(with_everything(tls=False)),
        "everything, tls": Feature(with_everything(tls=True)),
    }


async def main() -> None:
    sandbox = Path(tempfile.mkdtemp(prefix="ms-"))
    sandbox.chmod(0o711)  # When run as root, HAProxy's workers run as another user and must reach this folder.
    try:
        async with fast_backend(sandbox, BODY) as port:
            measured = [await one_round(sandbox, port) for _ in range(ROUNDS)]
    finally:
        shutil.rmtree(sandbox)
    figures = {name: statistics.median(each[name] for each in measured) for name in measured[0]}
    print("| feature | CPU µs per request | of bare |\n|---|---:|---:|")
    for name, micros in figures.items():
        print(f"| {name} | {micros:.1f} | {micros / figures['bare']:.2f} |")
    document = {
        "cpu_us": figures,
        "of_bare": {name: micros / figures["bare"] for name, micros in figures.items() if name != "bare"},
    }
    write("features", document)


async def one_round(sandbox: Path, port: int) -> dict[str, float]:
    """Return the CPU time of a request in microseconds, by feature; each edge is started for it alone."""
    found = {}
    for name, feature in features().items():
        async with running_edge(sandbox, feature.edge, port, port) as edge:
            found[name] = await cpu_us(edge, feature.headers)
    return found


async def cpu_us(edge: RunningEdge, headers: Sequence[str]) -> float:
    secure, before = edge.edge.https, edge.cpu_s()
    rate = await saturate(f"http{'s' if secure else ''}://127.0.0.1:{secure or edge.edge.http}/", SECONDS, *headers)
    return (edge.cpu_s() - before) / (rate.per_s * SECONDS) * 1e6


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
