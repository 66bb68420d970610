import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.tests.driving import answering, ask
from kit.tests.serving import ROOT, serving
from mainstay_kit import Metrics, Misconfigured, Registry
from mainstay_kit.metrics import edges_for
from mainstay_kit.metrics.cells import Cells

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P10", "G21", "G22")]
LINE = re.compile(r'(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{([a-z]+="([^"\\\n]|\\["\\n])*",?)*\} [0-9.e+-]+)\Z')
WORK = """
import sys
from pathlib import Path
from mainstay_kit import Registry
registry = Registry(Path(sys.argv[1]), generation="one start")
counter = registry.counter("jobs_total", "Jobs.", kind=sys.argv[2])
gauge = registry.gauge("jobs_running", "Jobs now.")
for _ in range(1000):
    counter.add()
gauge.set(5)
registry.histogram("job_seconds", "Time.", [0.5, 1.0]).observe(0.7)
"""


def readings(text: bytes) -> dict[str, float]:
    lines = text.decode().split("\n")[:-1]
    assert all(LINE.match(line) for line in lines)
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


async def test_requests_are_counted_and_timed() -> None:
    app = Metrics(answering())
    for _ in range(3):
        await ask(app, "/things")
    told = readings((await ask(app, "/metrics")).body)
    assert told['http_requests_total{method="GET",endpoint="unmatched",status="200"}'] == 3
    assert told['http_request_duration_seconds_count{method="GET",endpoint="unmatched"}'] == 3
    assert told['http_request_duration_seconds_bucket{method="GET",endpoint="unmatched",le="+Inf"}'] == 3


@pytest.mark.requirement("G25")
def test_every_threshold_is_an_edge() -> None:
    edges = edges_for(0.1, 0.2, 1.0, 2.0)
    assert {0.1, 0.2, 1.0, 2.0} <= set(edges)
    assert list(edges) == sorted(set(edges))
    assert edges[-1] > 2.0


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=6))
def test_edges_grow_and_hold_every_threshold(thresholds: list[float]) -> None:
    edges = edges_for(*thresholds)
    assert all(threshold in edges for threshold in thresholds)
    assert all(low < high for low, high in pairwise(edges))


@given(values=st.lists(st.floats(0, 10), max_size=50))
def test_a_bucket_has_all_that_is_at_most_its_edge(values: list[float]) -> None:
    registry, edges = Registry(), (0.5, 1.0, 5.0)
    histogram = registry.histogram("job_seconds", "Time.", edges)
    for value in values:
        histogram.observe(value)
    told = readings(registry.text())
    for edge in edges:
        expected = sum(value <= edge for value in values)
        assert told[f'job_seconds_bucket{{le="{edge:g}"}}'] == expected
    assert told["job_seconds_count{}"] == len(values)


@pytest.mark.requirement("G26")
async def test_methods_and_endpoints_that_clients_make_up_become_other() -> None:
    app = Metrics(answering())
    for number in range(300):
        await ask(app, "/", f"M{number}", path_template=f"/{number}")
    told = readings((await ask(app, "/metrics")).body)
    counters = [name for name in told if name.startswith("http_requests_total")]
    assert len(counters) == 201
    assert told['http_requests_total{method="other",endpoint="other",status="200"}'] == 100


@pytest.mark.requirement("G27")
def test_processes_count_together_and_the_dead_are_not_forgotten(tmp_path: Path) -> None:
    for kind in ("a", "a", "b"):
        subprocess.run([sys.executable, "-c", WORK, str(tmp_path), kind], check=True, env=environment())
    registry = Registry(tmp_path, generation="one start")
    registry.counter("jobs_total", "Jobs.", kind="a").add(1)
    registry.gauge("jobs_running", "Jobs now.").set(2)
    registry.histogram("job_seconds", "Time.", [0.5, 1.0])
    told = readings(registry.text())
    assert told['jobs_total{kind="a"}'] == 2001
    assert told['jobs_total{kind="b"}'] == 1000
    assert told['job_seconds_bucket{le="1"}'] == 3
    assert told["jobs_running{}"] == 2


def test_numbers_of_an_earlier_start_are_gone(tmp_path: Path) -> None:
    Registry(tmp_path, generation="monday").counter("jobs_total", "Jobs.").add(7)
    registry = Registry(tmp_path, generation="tuesday")
    registry.counter("jobs_total", "Jobs.")
    assert readings(registry.text()) == {"jobs_total{}": 0}


def test_a_forked_child_counts_in_files_of_its_own(tmp_path: Path) -> None:
    registry = Registry(tmp_path, generation="one start")
    counter = registry.counter("jobs_total", "Jobs.")
    counter.add(1)
    child = os.fork()
    if child == 0:
        counter.add(10)
        os._exit(0)
    os.waitpid(child, 0)
    counter.add(100)
    assert readings(registry.text()) == {"jobs_total{}": 111}
    assert len(list(tmp_path.glob("*.values"))) == 2


def test_several_workers_of_a_real_server_tell_the_whole(tmp_path: Path) -> None:
    app = "kit.tests.metrics_app:app"
    with serving(app, "--workers", "2", METRICS=str(tmp_path)) as served:
        processes = set()
        for _ in range(60):
            processes.add(httpx2.get(f"{served.url}/hello").text)
        told = readings(httpx2.get(f"{served.url}/metrics").content)
        assert told['http_requests_total{method="GET",endpoint="/hello",status="200"}'] == 60
        assert len(processes) == 2


def test_a_name_declared_twice_differently_is_refused() -> None:
    registry = Registry()
    registry.counter("jobs_total", "Jobs.")
    with pytest.raises(Misconfigured, match="declared twice"):
        registry.gauge("jobs_total", "Jobs.")


@given(value=st.text(max_size=30))
def test_no_label_breaks_the_format(value: str) -> None:
    registry = Registry()
    registry.counter("jobs_total", "Jobs.", kind=value).add()
    assert list(readings(registry.text()).values()) == [1]


def test_a_line_end_in_a_label_mixes_up_no_cells(tmp_path: Path) -> None:
    registry = Registry(tmp_path, generation="one start")
    for number, kind in enumerate(["a\rb", "c\nd", "e\tf", "g\u2028h", "\udc80"], 1):
        registry.counter("jobs_total", "Jobs.", kind=kind).add(number)
    assert sorted(readings(registry.text()).values()) == [1, 2, 3, 4, 5]


def test_when_there_is_no_room_nothing_is_counted_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstay_kit.metrics.cells.CAPACITY", 1)
    cells = Cells()
    assert [cells.place(name) for name in ("a", "b", "a")] == [0, None, 0]


async def test_metrics_may_be_read_by_whom_the_service_lets() -> None:
    app = Metrics(answering(), may_read=lambda exchange: b"authorization" in exchange.headers)
    assert (await ask(app, "/metrics")).status == 403
    assert (await ask(app, "/metrics", headers={"Authorization": "x"})).status == 200


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "kit/src")}
