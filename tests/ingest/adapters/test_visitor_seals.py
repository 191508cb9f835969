"""L4, P6: a visitor's token, and the address of a file: neither can be forged or used elsewhere."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from tuyen_events.outbound import AttachmentId
from tuyen_events.visitor_limits import FILE_LINK_LASTS_S, VISITOR_TOKEN_LASTS_S
from tuyen_ingest.adapters.visitor_seals import FernetVisitorSeals
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
def seals(clock: ManualClock) -> FernetVisitorSeals:
    return FernetVisitorSeals(SecretStr(OLD), clock)


def test_l4_a_visitor_is_recognized_at_their_page_alone(seals: FernetVisitorSeals) -> None:
    token = seals.seal_visitor(LAN)
    assert seals.open_visitor(APP, token) == LAN
    assert seals.open_visitor(OTHER, token) is None
    assert "guest" not in token


def test_l4_a_link_opens_one_file_of_one_page(seals: FernetVisitorSeals) -> None:
    link = seals.seal_link(APP, FILE)
    assert seals.open_link(APP, link) == FILE
    assert seals.open_link(OTHER, link) is None


def test_p6_nothing_is_taken_for_something_else(seals: FernetVisitorSeals) -> None:
    assert seals.open_visitor(APP, seals.seal_link(APP, FILE)) is None
    assert seals.open_link(APP, seals.seal_visitor(LAN)) is None
    fernet = Fernet(OLD)
    for content in (b"", b"{}", b'{"type":"visitor"}', b'{"account":"a","token":"t"}'):
        sealed = fernet.encrypt_at_time(content, int(START.timestamp())).decode()
        assert seals.open_visitor(APP, sealed) is None


@pytest.mark.parametrize("token", ["", "a", "ä", "=" * 5, "gAAAA", "\ud800", "x" * 100_000])
def test_p6_what_is_forged_is_refused(seals: FernetVisitorSeals, token: str) -> None:
    assert seals.open_visitor(APP, token) is None
    assert seals.open_link(APP, token) is None


def test_l4_tokens_and_links_end(seals: FernetVisitorSeals, clock: ManualClock) -> None:
    token, link = seals.seal_visitor(LAN), seals.seal_link(APP, FILE)
    clock.advance(timedelta(seconds=FILE_LINK_LASTS_S + 1))
    assert seals.open_link(APP, link) is None
    assert seals.open_visitor(APP, token) == LAN
    clock.advance(timedelta(seconds=VISITOR_TOKEN_LASTS_S))
    assert seals.open_visitor(APP, token) is None


def test_p6_an_old_key_still_opens(clock: ManualClock, seals: FernetVisitorSeals) -> None:
    rotated = FernetVisitorSeals(SecretStr(f"{NEW},{OLD}"), clock)
    assert rotated.open_visitor(APP, seals.seal_visitor(LAN)) == LAN
    assert seals.open_visitor(APP, rotated.seal_visitor(LAN)) is None
