"""What tests of the worker begin with."""

import pytest

from outbound.rig import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits that take seconds in the product take no time."""
    monkeypatch.setattr("tuyen_outbound.domain.retrying._WAITS_S", (0.005,) * 6)
    monkeypatch.setattr("tuyen_outbound.request_settler.SHOWN_WITHIN_S", 0.005)
    monkeypatch.setattr("tuyen_platform.kafka.memory._POLL_S", 0.005)
