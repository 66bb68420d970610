"""The changes that a plan shows."""

from msgspec.structs import replace

from mainstay.planning.diff import changes_between
from tests.shop import EDGE, release


def test_a_port_that_is_chosen_automatically_is_shown_as_the_manifest_has_it() -> None:
    old = release(1)
    new = replace(old, edge=replace(EDGE, http=0))
    assert [(change.path, change.before, change.after) for change in changes_between(old, new, {})] == [
        ("edge.http", EDGE.http, "auto")
    ]
