"""The tests of a group share what is dear to start, so they must run in one process."""

import os

import pytest


@pytest.mark.xdist_group("stack")
def test_a_group_is_known_to_what_distributes_the_tests(request: pytest.FixtureRequest) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert request.node.nodeid.endswith("@stack")
