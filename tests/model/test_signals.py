"""The counters of requests, and what was counted between two moments."""

from mainstay.model.signals import Counts, Signals, SignalSource

WEB = SignalSource("web", 41, "web-41-1", "/")


def test_what_was_counted_since_a_moment_leaves_out_what_was_counted_before() -> None:
    before = Signals("1", 0.0, ((WEB, Counts(100, 3)),))
    assert Signals("1", 60.0, ((WEB, Counts(160, 3)),)).since(before) == {WEB: Counts(60, 0)}


def test_it_leaves_it_out_too_for_an_instance_that_is_gone() -> None:
    release = SignalSource("web", 41, "", "/")
    before = Signals("1", 0.0, ((WEB, Counts(100_000, 3000)), (release, Counts(50))))
    assert Signals("1", 60.0, ((release, Counts(100_110, 3000)),)).since(before) == {release: Counts(60, 0)}


def test_counters_that_began_again_have_no_before() -> None:
    assert Signals("2", 1.0, ((WEB, Counts(5)),)).since(Signals("1", 0.0, ((WEB, Counts(100)),))) == {WEB: Counts(5)}
