"""The table of the kinds of targets and datastores."""

from mainstay.model.kinds import DATASTORES, DATASTORES_NOT_YET, TARGETS, TARGETS_NOT_YET


def test_a_kind_with_a_driver_is_not_listed_as_one_for_a_later_version() -> None:
    assert not set(DATASTORES) & set(DATASTORES_NOT_YET)
    assert not set(TARGETS) & set(TARGETS_NOT_YET)
