"""The text for Prometheus, read by a parser of its format."""

import re

import pytest

from mainstay.model.signals import Counts, Latency, Signals, SignalSource, bucket_of
from mainstay.operations.metrics import exposition

SAMPLE = re.compile(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})? ([0-9.e+-]+)')
WEB = SignalSource("web", 41, "web-41-1", "/")
TIMES = Latency({bucket_of(4): 90, bucket_of(400): 9, bucket_of(60_000): 1})


def samples(*counts: tuple[SignalSource, Counts], lost: int = 0) -> dict[str, float]:
    """The value of each sample; every line that is not one is a HELP or TYPE of its metric."""
    found = {}
    for line in exposition(Signals("1", 5.0, counts, lost)):
        if line.startswith("#"):
            assert re.fullmatch(r"# (HELP|TYPE) [a-z_]+ .+", line)
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        assert sample[1] + (sample[2] or "") not in found
        found[sample[1] + (sample[2] or "")] = float(sample[3])
    return found


def test_every_counter_is_a_sample() -> None:
    labels = '{service="web",release="41",instance="web-41-1",route="/",answered_by="release"}'
    found = samples((WEB, Counts(100, 2, 3, 4, TIMES)), lost=5)
    values = [found[f"mainstay_{name}_total{labels}"] for name in ("requests", "errors", "refused", "aborted")]
    assert values == [100, 2, 3, 4]
    assert found["mainstay_requests_not_counted_total"] == 5


def test_the_histogram_is_cumulative_and_complete() -> None:
    found = samples((WEB, Counts(100, latency=TIMES)))
    buckets = [value for name, value in found.items() if "_bucket" in name]
    assert buckets == sorted(buckets)
    assert buckets[0] == 90
    assert buckets[-1] == next(value for name, value in found.items() if "_count" in name) == 100
    total = next(value for name, value in found.items() if "_sum" in name)
    assert total == pytest.approx(0.004 * 90 + 0.4 * 9 + 60, rel=0.05)


def test_labels_are_escaped() -> None:
    found = samples((SignalSource("web", 41, "", 'a"b\\c\nd'), Counts(1)))
    assert any(r'route="a\"b\\c\nd"' in name for name in found)


def test_requests_that_no_release_answered_have_labels_of_their_own() -> None:
    found = samples((SignalSource("-", 0), Counts(3)), (SignalSource("web", 0, "", "/"), Counts(2)), (WEB, Counts(1)))
    of = {name: value for name, value in found.items() if name.startswith("mainstay_requests_total")}
    assert of['mainstay_requests_total{service="-",release="0",instance="",route="",answered_by="edge"}'] == 3
    assert of['mainstay_requests_total{service="web",release="0",instance="",route="/",answered_by="unready"}'] == 2
    assert [value for name, value in of.items() if 'answered_by="release"' in name] == [1]


def test_without_requests_there_are_only_descriptions() -> None:
    assert samples() == {"mainstay_requests_not_counted_total": 0}
