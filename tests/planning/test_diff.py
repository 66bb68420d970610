"""The changes that a plan shows."""

from msgspec.structs import replace

from mainstay.model import ErrorPage, Route
from mainstay.planning.diff import changes_between
from tests.shop import EDGE, release


def test_a_port_that_is_chosen_automatically_is_shown_as_the_manifest_has_it() -> None:
    old = release(1)
    new = replace(old, edge=replace(EDGE, http=0))
    assert [(change.path, change.before, change.after) for change in changes_between(old, new, {})] == [
        ("edge.http", EDGE.http, "auto")
    ]


def test_a_changed_error_page_is_shown_without_its_text() -> None:
    old, new = (replace(release(1), edge=replace(EDGE, pages=(ErrorPage(404, text),))) for text in ("a", "b"))
    (change,) = changes_between(old, new, {})
    assert change.path == "edge.pages.404"
    assert len(change.before) == len(change.after) == 12


def test_a_route_whose_path_is_stripped_is_shown() -> None:
    old, new = (replace(release(1), edge=replace(EDGE, routes=(Route("/x", "web", strip=s),))) for s in (False, True))
    assert [(change.path, change.before, change.after) for change in changes_between(old, new, {})] == [
        ("edge.routes./x", "web", "web with strip")
    ]
