import pytest

from crm.rig import Shop


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for the pace at which batches are taken, or before another try."""
    monkeypatch.setattr("tuyen_crm.observer._MIN_INTERVAL_S", 0.0)
    monkeypatch.setattr("tuyen_crm.decider._MIN_INTERVAL_S", 0.0)
    monkeypatch.setattr("tuyen_platform.kafka.consumer._RETRY_S", 0.01)
    monkeypatch.setattr("tuyen_platform.kafka.memory._POLL_S", 0.01)
