"""The changes that a plan shows."""

from mainstay.planning.diff import changes_between
from tests.shop import release


def test_equal_releases_have_no_changes() -> None:
    assert changes_between(release(1), release(1), {}) == ()


def test_a_new_service_and_a_removed_one_are_one_change_each() -> None:
    old, new = release(1, changed=("api", "web")), release(1, changed=("api", "worker"))
    (removed, added) = [
        each for each in changes_between(old, new, {}) if each.path in ("services.web", "services.worker")
    ]
    assert (removed.path, removed.after) == ("services.web", None)
    assert (added.path, added.before) == ("services.worker", None)
