"""A single-threaded service stays in rotation during a slow request, and probes do not flood its log."""

import threading
from itertools import pairwise

from tests.journeys.consistency import assert_consistent
from tests.journeys.load import Load
from tests.journeys.machine import wait_until
from tests.journeys.sandbox import Sandbox, use_any_port

ONE_THREAD = """
import os
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/slow":
            time.sleep(4)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"done")

    def log_request(self, code, size="-"):
        print(time.monotonic(), self.path, int(code), flush=True)

HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""


def ship(sandbox: Sandbox) -> str:
    """Deploy the single-threaded service and return its address."""
    sandbox.run("init")
    use_any_port(sandbox.checkout / "mainstay.yaml")
    (sandbox.checkout / "app.py").write_text(ONE_THREAD)
    sandbox.run("up")
    return sandbox.url


def test_a_request_of_4_s_blocks_no_other_at_20_requests_per_second(sandbox: Sandbox) -> None:
    url = ship(sandbox)
    statuses: list[int] = []
    slow_request = threading.Thread(target=lambda: statuses.append(sandbox.get("/slow", url=url)[0]))
    with Load(url, rate=20, max_duration_s=20) as load:
        slow_request.start()
        slow_request.join()
        wait_until(lambda: sandbox.get(url=url)[0] == 200, within=5, what="an ordinary response")
    assert load.stop().not_ok == [], load.tally
    assert statuses == [200]
    assert_consistent(sandbox)


def test_a_ready_idle_instance_is_probed_every_5_s_and_logs_no_error(sandbox: Sandbox) -> None:
    ship(sandbox)
    out, err = (sandbox.state / "logs" / "web" / f"web-1-1.{stream}" for stream in ("out", "err"))

    def requests() -> list[list[str]]:
        return [line.split() for line in out.read_text().splitlines()]

    before = len(requests())
    wait_until(lambda: len(requests()) >= before + 3, within=20, what="three probes")
    times = [float(at) for at, _, _ in requests()[before:]]
    assert [round(later - earlier) for earlier, later in pairwise(times)] == [5, 5]
    assert {(path, status) for _, path, status in requests()} == {("/health", "200")}
    assert err.read_text() == ""
