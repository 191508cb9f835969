import pytest
from pydantic import SecretStr

from gateway.live.shop import SHOP, START
from tuyen_events.ids import OrganizationId
from tuyen_gateway.adapters.cipher import FernetCipher
from tuyen_gateway.domain.live import JournalPosition, LivePosition, pack_place
from tuyen_gateway.live.positions import decrypt_position, encrypt_position
from tuyen_platform.clock import ManualClock

POSITION = LivePosition(
    inbox=pack_place(JournalPosition(5, 6, 7)), presence=b"", jobs=b"\0" * 6, setup=b"12345678"
)


@pytest.fixture
def cipher() -> FernetCipher:
    return FernetCipher(SecretStr("k" * 32), ManualClock(START))


def test_i13_a_position_is_read_by_its_organization_alone(cipher: FernetCipher) -> None:
    encrypted = encrypt_position(cipher, SHOP, POSITION)
    assert encrypted == encrypt_position(cipher, SHOP, POSITION)
    assert decrypt_position(cipher, SHOP, encrypted) == POSITION
    assert decrypt_position(cipher, OrganizationId("other"), encrypted) is None


@pytest.mark.parametrize("odd", ["", "a", "ừ", "A" * 80, "!" * 20, "=", "%00"])
def test_i13_what_is_no_position_is_none(cipher: FernetCipher, odd: str) -> None:
    assert decrypt_position(cipher, SHOP, odd) is None
    assert (
        decrypt_position(cipher, SHOP, cipher.encrypt_deterministic("live/shop", odd.encode()))
        is None
    )


def test_i13_a_position_that_is_not_complete_is_none(cipher: FernetCipher) -> None:
    for wrong in (
        LivePosition(inbox=b"short", presence=b"", jobs=b"", setup=b""),
        LivePosition(inbox=None, presence=b"x", jobs=b"", setup=b""),
        LivePosition(inbox=None, presence=b"", jobs=b"", setup=b"", replays=b"x"),
    ):
        assert decrypt_position(cipher, SHOP, encrypt_position(cipher, SHOP, wrong)) is None
