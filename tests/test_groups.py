"""Tests that share an expensive server are marked as a group, and one process runs all tests of a group."""

import pytest


@pytest.mark.xdist_group("example")
def test_the_processes_of_a_test_run_know_the_groups(request: pytest.FixtureRequest) -> None:
    grouped = request.config.getoption("loadgroup", default=False)
    assert request.node.nodeid.endswith("@example") == grouped, "pytest-xdist ignores groups with this pytest"
