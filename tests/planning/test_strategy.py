"""The laws of strategies, for every strategy, any sizes, alone and several in lock-step."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mainstay.model import Shares, Strategy
from mainstay.planning.rollout import ServiceChange
from mainstay.planning.strategy import ServiceStage, before_stages, service_stages, stages

KINDS = ("blue-green", "canary", "rolling", "recreate")
percents = some.lists(some.integers(1, 99), min_size=1, max_size=5, unique=True).map(
    lambda each: tuple(float(percent) for percent in sorted(each))
)


def strategies_of(*kinds: str) -> some.SearchStrategy[Strategy]:
    return some.builds(Strategy, kind=some.sampled_from(kinds), percent=percents, hold_s=some.just(10.0))


def moves(*kinds: str, name: str = "web") -> some.SearchStrategy[ServiceChange]:
    sizes = some.integers(1, 12)
    return some.builds(
        ServiceChange,
        service=some.just(name),
        old=some.just(1),
        old_count=sizes,
        new=some.just(2),
        count=sizes,
        strategy=strategies_of(*kinds),
    )


def all_stages(move: ServiceChange) -> list[ServiceStage]:
    """Return every stage of one service, including the state before the first."""
    return [before_stages(move), *service_stages(move)]


def share(shares: Shares, release: int) -> float:
    return shares.get(release, 0.0)


@given(moves(*KINDS))
def test_percentages_sum_to_100_or_are_empty(move: ServiceChange) -> None:
    sums = [round(sum(part.traffic.values()), 6) for part in all_stages(move)]
    empty = move.strategy.kind == "recreate"
    assert set(sums) <= ({0, 100} if empty else {100})


@given(moves(*KINDS))
def test_the_last_stage_gives_all_traffic_to_the_complete_new_fleet(move: ServiceChange) -> None:
    last = service_stages(move)[-1]
    assert last.traffic == {2: 100.0}
    assert last.replicas[2] == move.count


@given(moves(*KINDS))
def test_capacity_comes_before_traffic(move: ServiceChange) -> None:
    for earlier, part in pairwise(all_stages(move)):
        ready = {each: min(earlier.replicas.get(each, 0), part.replicas.get(each, 0)) for each in (1, 2)}
        # Traffic moves when what grew is ready, and before what shrinks at the next stage is gone.
        assert part.replicas.get(2, 0) >= move.count * share(part.traffic, 2) / 100 - 0.001
        assert ready[1] >= move.old_count * share(part.traffic, 1) / 100 - 0.001


@given(moves("blue-green", "canary", "rolling"))
def test_ready_capacity_never_falls_below_that_of_the_smaller_fleet(move: ServiceChange) -> None:
    for earlier, part in pairwise(all_stages(move)):
        surviving = sum(min(earlier.replicas.get(each, 0), part.replicas.get(each, 0)) for each in (1, 2))
        assert surviving >= min(move.old_count, move.count)


@given(moves(*KINDS))
def test_a_stage_with_a_complete_old_fleet_reverts_to_it_at_once(move: ServiceChange) -> None:
    whole = [part for part in service_stages(move) if part.replicas.get(1) == move.old_count]
    assert all(part.revert_to == {1: 100.0} for part in whole)


@given(moves("blue-green", "canary"))
def test_blue_green_and_canary_keep_the_old_fleet_complete(move: ServiceChange) -> None:
    assert all(part.replicas[1] == move.old_count and part.revert_to == {1: 100.0} for part in service_stages(move))


@given(moves(*KINDS))
def test_reverting_never_sends_more_traffic_to_the_old_fleet_than_it_can_serve(move: ServiceChange) -> None:
    returnable = [part for part in service_stages(move) if part.replicas]
    assert all(
        part.replicas.get(1, 0) >= move.old_count * share(part.revert_to, 1) / 100 - 0.001 for part in returnable
    )


@given(moves(*KINDS, name="api"), moves(*KINDS, name="web"))
def test_every_stage_includes_every_service(api: ServiceChange, web: ServiceChange) -> None:
    together = stages((api, web))
    assert len(together) == max(len(service_stages(api)), len(service_stages(web)))
    assert all(
        set(stage.replicas) == set(stage.traffic) == set(stage.revert_to) == {"api", "web"} for stage in together
    )
    assert together[-1].traffic == {"api": {2: 100.0}, "web": {2: 100.0}}


def test_no_service_moves_completely_before_a_canary_has_passed() -> None:
    api = ServiceChange("api", 1, 1, 2, 1)
    web = ServiceChange("web", 1, 4, 2, 4, Strategy("canary", (25.0,)))
    first, last = stages((api, web))
    assert first.traffic == {"api": {1: 100.0}, "web": {1: 75.0, 2: 25.0}}
    assert last.traffic == {"api": {2: 100.0}, "web": {2: 100.0}}


def test_rolling_replaces_one_replica_per_stage() -> None:
    move = ServiceChange("web", 1, 3, 2, 3, Strategy("rolling"))
    assert [part.replicas for part in service_stages(move)] == [{1: 3, 2: 1}, {1: 2, 2: 2}, {1: 1, 2: 3}]
    assert [part.traffic for part in service_stages(move)] == [{1: 66.67, 2: 33.33}, {1: 33.33, 2: 66.67}, {2: 100.0}]


def test_recreate_has_a_stage_without_traffic() -> None:
    out, new = service_stages(ServiceChange("web", 1, 3, 2, 3, Strategy("recreate")))
    assert (out.replicas, out.traffic, out.revert_to) == ({}, {}, {1: 100.0})
    assert (new.replicas, new.traffic, new.revert_to) == ({2: 3}, {2: 100.0}, {})


@pytest.mark.parametrize(
    ("overlap", "replicas"), [(False, {2: 2}), (True, {1: 1, 2: 2})], ids=["old out, then new in", "side by side"]
)
def test_a_worker_has_capacity_and_no_traffic(overlap: bool, replicas: dict[int, int]) -> None:
    (stage,) = stages([ServiceChange("worker", 1, 1, 2, 2, worker=True, overlap=overlap)])
    assert stage.replicas == {"worker": replicas}
    assert stage.traffic == stage.revert_to == {}


def test_a_removed_service_keeps_its_traffic_until_it_is_retired() -> None:
    (stage,) = stages([ServiceChange("web", 1, 2, None, 0)])
    assert stage.traffic == stage.revert_to == {"web": {1: 100.0}}


def test_a_change_of_replicas_moves_no_traffic() -> None:
    (stage,) = stages([ServiceChange("web", 1, 2, 1, 5)])
    assert stage.replicas == {"web": {1: 5}}
    assert stage.traffic == stage.revert_to == {"web": {1: 100.0}}


def test_a_first_release_has_no_traffic_to_revert_to() -> None:
    (stage,) = stages([ServiceChange("web", None, 0, 1, 2)])
    assert (stage.traffic, stage.revert_to) == ({"web": {1: 100.0}}, {"web": {}})
