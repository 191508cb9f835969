import pytest

from presence.rig import Shop


@pytest.fixture
def shop() -> Shop:
    return Shop()
