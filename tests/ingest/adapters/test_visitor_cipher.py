"""L4, P6: a visitor's token, and the address of a file: neither can be forged or used elsewhere."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from tuyen_events.outbound import AttachmentId
from tuyen_events.visitor_limits import FILE_LINK_LASTS_S, VISITOR_TOKEN_LASTS_S
from tuyen_ingest.adapters.visitor_cipher import FernetVisitorCipher
from tuyen_ingest.domain.visitors import SiteVisitor
from tuyen_platform.clock import ManualClock

APP, OTHER = "app_1", "app_2"
START = datetime(2026, 11, 21, 8, tzinfo=UTC)
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
LAN = SiteVisitor(app_id=APP, id="guest-1", name="Lan")
FILE = AttachmentId("att_1")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def cipher(clock: ManualClock) -> FernetVisitorCipher:
    return FernetVisitorCipher(SecretStr(OLD), clock)


def test_l4_a_visitor_is_recognized_at_their_page_alone(cipher: FernetVisitorCipher) -> None:
    token = cipher.encrypt_visitor(LAN)
    assert cipher.decrypt_visitor(APP, token) == LAN
    assert cipher.decrypt_visitor(OTHER, token) is None
    assert "guest" not in token


def test_l4_a_link_opens_one_file_of_one_page(cipher: FernetVisitorCipher) -> None:
    link = cipher.encrypt_link(APP, FILE)
    assert cipher.decrypt_link(APP, link) == FILE
    assert cipher.decrypt_link(OTHER, link) is None


def test_p6_nothing_is_taken_for_something_else(cipher: FernetVisitorCipher) -> None:
    assert cipher.decrypt_visitor(APP, cipher.encrypt_link(APP, FILE)) is None
    assert cipher.decrypt_link(APP, cipher.encrypt_visitor(LAN)) is None
    fernet = Fernet(OLD)
    for content in (b"", b"{}", b'{"type":"visitor"}', b'{"account":"a","token":"t"}'):
        encrypted = fernet.encrypt_at_time(content, int(START.timestamp())).decode()
        assert cipher.decrypt_visitor(APP, encrypted) is None


@pytest.mark.parametrize("token", ["", "a", "ä", "=" * 5, "gAAAA", "\ud800", "x" * 100_000])
def test_p6_what_is_forged_is_refused(cipher: FernetVisitorCipher, token: str) -> None:
    assert cipher.decrypt_visitor(APP, token) is None
    assert cipher.decrypt_link(APP, token) is None


def test_l4_tokens_and_links_end(cipher: FernetVisitorCipher, clock: ManualClock) -> None:
    token, link = cipher.encrypt_visitor(LAN), cipher.encrypt_link(APP, FILE)
    clock.advance(timedelta(seconds=FILE_LINK_LASTS_S + 1))
    assert cipher.decrypt_link(APP, link) is None
    assert cipher.decrypt_visitor(APP, token) == LAN
    clock.advance(timedelta(seconds=VISITOR_TOKEN_LASTS_S))
    assert cipher.decrypt_visitor(APP, token) is None


def test_p6_an_old_key_still_opens(clock: ManualClock, cipher: FernetVisitorCipher) -> None:
    rotated = FernetVisitorCipher(SecretStr(f"{NEW},{OLD}"), clock)
    assert rotated.decrypt_visitor(APP, cipher.encrypt_visitor(LAN)) == LAN
    assert cipher.decrypt_visitor(APP, rotated.encrypt_visitor(LAN)) is None
