"""The two changes of the edge in a release: new routes first, changed and removed ones after the change of traffic."""

import pytest

from mainstay.model import Edge, Route
from mainstay.planning.provide import edge_change

WEB, API, OTHER = Route("/", "web"), Route("/api", "api"), Route("/api", "web")


def changed(before: list[Route], after: list[Route]) -> list[Edge | None]:
    """Return the edge after the first and the last step; None for a step that is not needed."""
    steps = edge_change(Edge(routes=tuple(before)), Edge(routes=tuple(after)))
    return [step.after if step else None for step in steps]


def test_a_new_route_is_added_before_the_services_start() -> None:
    new = Route("/new", "web")
    assert changed([WEB], [WEB, new]) == [Edge(routes=(WEB, new)), None]


def test_a_route_that_is_removed_stays_until_the_traffic_has_moved() -> None:
    assert changed([WEB, OTHER], [WEB]) == [None, Edge(routes=(WEB,))]


def test_a_changed_route_changes_at_once_only_at_the_preview_door() -> None:
    first, last = changed([WEB, OTHER], [WEB, API])
    assert first == Edge(routes=(WEB, OTHER), preview_routes=(WEB, API))
    assert last == Edge(routes=(WEB, API))


@pytest.mark.parametrize(
    ("route", "awaited"),
    [
        pytest.param(API, ("api",), id="below another route"),
        pytest.param(Route("/api", "api", host="shop.example"), ("api",), id="for one host"),
        pytest.param(Route("/api", "api", listen=3001), (), id="on another port"),
        pytest.param(Route("/api", "web"), (), id="to a service that users reach already"),
    ],
)
def test_a_new_service_gets_requests_of_another_route_only_once_it_has_traffic(
    route: Route, awaited: tuple[str, ...]
) -> None:
    first, last = changed([WEB], [WEB, route])
    assert first == Edge(routes=(WEB, route), awaited=awaited)
    assert last == (Edge(routes=(WEB, route)) if awaited else None)


def test_an_edge_that_stays_is_not_changed() -> None:
    assert changed([WEB, API], [WEB, API]) == [None, None]
