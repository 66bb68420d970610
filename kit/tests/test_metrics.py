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

from kit.tests.driving import call, stub_app
from kit.tests.serving import ROOT, serving
from mainstay_kit import Metrics, Misconfigured, Registry
from mainstay_kit.metrics import buckets_for
from mainstay_kit.metrics.cells import Cells

pytestmark = [pytest.mark.anyio, pytest.mark.requirement("P10", "G21", "G22")]
SAMPLE_LINE = re.compile(r'(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{([a-z]+="([^"\\\n]|\\["\\n])*",?)*\} [0-9.e+-]+)\Z')
WORKER_SCRIPT = """
import sys
from pathlib import Path
from mainstay_kit import Registry
registry = Registry(Path(sys.argv[1]), generation="one start")
counter = registry.counter("jobs_total", "Jobs.", kind=sys.argv[2])
gauge = registry.gauge("jobs_running", "Jobs now.")
for _ in range(1000):
    counter.inc()
gauge.set(5)
registry.histogram("job_seconds", "Time.", [0.5, 1.0]).observe(0.7)
"""


def parse(text: bytes) -> dict[str, float]:
    lines = text.decode().split("\n")[:-1]
    assert all(SAMPLE_LINE.match(line) for line in lines)
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


async def test_requests_are_counted_and_timed() -> None:
    app = Metrics(stub_app())
    for _ in range(3):
        await call(app, "/things")
    samples = parse((await call(app, "/metrics")).body)
    assert samples['http_requests_total{method="GET",endpoint="unmatched",status="200"}'] == 3
    assert samples['http_request_duration_seconds_count{method="GET",endpoint="unmatched"}'] == 3
    assert samples['http_request_duration_seconds_bucket{method="GET",endpoint="unmatched",le="+Inf"}'] == 3


@pytest.mark.requirement("G25")
def test_every_threshold_is_a_bucket_boundary() -> None:
    boundaries = buckets_for(0.1, 0.2, 1.0, 2.0)
    assert {0.1, 0.2, 1.0, 2.0} <= set(boundaries)
    assert list(boundaries) == sorted(set(boundaries))
    assert boundaries[-1] > 2.0


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=6))
def test_buckets_increase_and_include_every_threshold(thresholds: list[float]) -> None:
    boundaries = buckets_for(*thresholds)
    assert all(threshold in boundaries for threshold in thresholds)
    assert all(low < high for low, high in pairwise(boundaries))


@given(values=st.lists(st.floats(0, 10), max_size=50))
def test_a_bucket_counts_all_values_up_to_its_boundary(values: list[float]) -> None:
    registry, boundaries = Registry(), (0.5, 1.0, 5.0)
    histogram = registry.histogram("job_seconds", "Time.", boundaries)
    for value in values:
        histogram.observe(value)
    samples = parse(registry.text())
    for boundary in boundaries:
        expected = sum(value <= boundary for value in values)
        assert samples[f'job_seconds_bucket{{le="{boundary:g}"}}'] == expected
    assert samples["job_seconds_count{}"] == len(values)


@pytest.mark.requirement("G26")
async def test_invented_methods_and_endpoints_become_other() -> None:
    app = Metrics(stub_app())
    for number in range(300):
        await call(app, "/", f"M{number}", path_template=f"/{number}")
    samples = parse((await call(app, "/metrics")).body)
    counters = [name for name in samples if name.startswith("http_requests_total")]
    assert len(counters) == 201
    assert samples['http_requests_total{method="other",endpoint="other",status="200"}'] == 100


@pytest.mark.requirement("G27")
def test_metrics_sum_over_processes_including_exited_ones(tmp_path: Path) -> None:
    for kind in ("a", "a", "b"):
        subprocess.run([sys.executable, "-c", WORKER_SCRIPT, str(tmp_path), kind], check=True, env=environment())
    registry = Registry(tmp_path, generation="one start")
    registry.counter("jobs_total", "Jobs.", kind="a").inc(1)
    registry.gauge("jobs_running", "Jobs now.").set(2)
    registry.histogram("job_seconds", "Time.", [0.5, 1.0])
    samples = parse(registry.text())
    assert samples['jobs_total{kind="a"}'] == 2001
    assert samples['jobs_total{kind="b"}'] == 1000
    assert samples['job_seconds_bucket{le="1"}'] == 3
    assert samples["jobs_running{}"] == 2


def test_values_of_an_earlier_start_are_removed(tmp_path: Path) -> None:
    Registry(tmp_path, generation="monday").counter("jobs_total", "Jobs.").inc(7)
    registry = Registry(tmp_path, generation="tuesday")
    registry.counter("jobs_total", "Jobs.")
    assert parse(registry.text()) == {"jobs_total{}": 0}


def test_a_forked_child_writes_its_own_files(tmp_path: Path) -> None:
    registry = Registry(tmp_path, generation="one start")
    counter = registry.counter("jobs_total", "Jobs.")
    counter.inc(1)
    child = os.fork()
    if child == 0:
        counter.inc(10)
        os._exit(0)
    os.waitpid(child, 0)
    counter.inc(100)
    assert parse(registry.text()) == {"jobs_total{}": 111}
    assert len(list(tmp_path.glob("*.values"))) == 2


@pytest.mark.slow
def test_workers_of_a_real_server_report_totals(tmp_path: Path) -> None:
    app = "kit.tests.metrics_app:app"
    with serving(app, "--workers", "2", METRICS=str(tmp_path)) as served:
        processes = set()
        for _ in range(60):
            processes.add(httpx2.get(f"{served.url}/hello").text)
        samples = parse(httpx2.get(f"{served.url}/metrics").content)
        assert samples['http_requests_total{method="GET",endpoint="/hello",status="200"}'] == 60
        assert len(processes) == 2


def test_a_name_declared_twice_differently_is_refused() -> None:
    registry = Registry()
    registry.counter("jobs_total", "Jobs.")
    with pytest.raises(Misconfigured, match="declared twice"):
        registry.gauge("jobs_total", "Jobs.")


@given(value=st.text(max_size=30))
def test_any_label_value_is_escaped(value: str) -> None:
    registry = Registry()
    registry.counter("jobs_total", "Jobs.", kind=value).inc()
    assert list(parse(registry.text()).values()) == [1]


def test_control_characters_in_labels_do_not_mix_up_cells(tmp_path: Path) -> None:
    registry = Registry(tmp_path, generation="one start")
    for number, kind in enumerate(["a\rb", "c\nd", "e\tf", "g\u2028h", "\udc80"], 1):
        registry.counter("jobs_total", "Jobs.", kind=kind).inc(number)
    assert sorted(parse(registry.text()).values()) == [1, 2, 3, 4, 5]


def test_without_free_cells_counting_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstay_kit.metrics.cells.CAPACITY", 1)
    cells = Cells()
    assert [cells.index(name) for name in ("a", "b", "a")] == [0, None, 0]


async def test_access_to_metrics_can_be_restricted() -> None:
    app = Metrics(stub_app(), may_read=lambda exchange: b"authorization" in exchange.headers)
    assert (await call(app, "/metrics")).status == 403
    assert (await call(app, "/metrics", headers={"Authorization": "x"})).status == 200


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "kit/src")}
