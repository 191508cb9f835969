import pytest
from pydantic import SecretStr

from gateway.live.shop import SHOP, START
from tuyen_events.ids import OrganizationId
from tuyen_gateway.adapters.seals import FernetSeals
from tuyen_gateway.domain.live import JournalPlace, LivePosition, pack_place
from tuyen_gateway.live.positions import open_position, seal_position
from tuyen_platform.clock import ManualClock

POSITION = LivePosition(
    inbox=pack_place(JournalPlace(5, 6, 7)), presence=b"", jobs=b"\0" * 6, setup=b"12345678"
)


@pytest.fixture
def seals() -> FernetSeals:
    return FernetSeals(SecretStr("k" * 32), ManualClock(START))


def test_i13_a_position_is_read_by_its_organization_alone(seals: FernetSeals) -> None:
    sealed = seal_position(seals, SHOP, POSITION)
    assert sealed == seal_position(seals, SHOP, POSITION)
    assert open_position(seals, SHOP, sealed) == POSITION
    assert open_position(seals, OrganizationId("other"), sealed) is None


@pytest.mark.parametrize("odd", ["", "a", "ừ", "A" * 80, "!" * 20, "=", "%00"])
def test_i13_what_is_no_position_is_none(seals: FernetSeals, odd: str) -> None:
    assert open_position(seals, SHOP, odd) is None
    assert open_position(seals, SHOP, seals.mark("live/shop", odd.encode())) is None


def test_i13_a_position_that_is_not_complete_is_none(seals: FernetSeals) -> None:
    for wrong in (
        LivePosition(inbox=b"short", presence=b"", jobs=b"", setup=b""),
        LivePosition(inbox=None, presence=b"x", jobs=b"", setup=b""),
        LivePosition(inbox=None, presence=b"", jobs=b"", setup=b"", replays=b"x"),
    ):
        assert open_position(seals, SHOP, seal_position(seals, SHOP, wrong)) is None
