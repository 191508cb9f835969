from datetime import UTC, datetime, timedelta

from tuyen_doubles.tokens import DoubleTokens
from tuyen_platform.clock import ManualClock

HOUR = timedelta(hours=1)


def tokens() -> tuple[DoubleTokens, ManualClock]:
    clock = ManualClock(datetime(2026, 11, 29, tzinfo=UTC))
    return DoubleTokens("double-page-", clock), clock


def test_a_token_that_a_caller_chose_works_and_belongs_to_whom_it_was_used_for() -> None:
    known, _ = tokens()
    assert not known.is_dead("anything")
    assert known.account_of("anything") is None
    known.bind("anything", "104")
    assert (known.account_of("anything"), known.named_by("anything")) == ("104", None)


def test_a_token_that_was_issued_or_looks_like_it_names_its_account() -> None:
    known, _ = tokens()
    for token in (known.issue("104"), "double-page-104-mine", "double-page-104"):
        known.bind(token, "999")
        assert known.account_of(token) == known.named_by(token) == "104"
    assert known.account_of(known.issue(None)) is None


def test_a_token_is_dead_once_it_expired_or_was_revoked() -> None:
    known, clock = tokens()
    token = known.issue("104", HOUR)
    assert not known.is_dead(token)
    clock.advance(HOUR)
    assert known.is_dead(token)
    known.restore(token)
    known.revoke(token)
    assert known.is_dead(token)
    known.restore(token)
    assert not known.is_dead(token)
