"""What the log and its twin in memory are tested on."""

import pytest


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def server(request: pytest.FixtureRequest) -> tuple[str, str] | None:
    """The broker's address and this test's prefix; None for the log in memory."""
    if request.param == "memory":
        return None
    return request.getfixturevalue("kafka"), request.getfixturevalue("topic_prefix")
