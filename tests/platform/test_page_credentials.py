"""P6: pages' credentials are encrypted in the log, and only their own record opens them."""

from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest
from pydantic import SecretStr

from tuyen_events.codec import KeyedBytes, UnreadableEventError
from tuyen_events.ids import OrganizationId
from tuyen_events.vocabulary import Channel
from tuyen_platform.kafka.ports import ProducerRecord, RecordPosition
from tuyen_platform.page_credentials import (
    AccountCredentials,
    PageCredentials,
    PageProblem,
    PageSubscription,
    name_account,
    problem_record,
    removal_records,
    subscription_record,
)

OLD, NEW = (urlsafe_b64encode(bytes([number] * 32)).decode() for number in (1, 2))
HERE = RecordPosition("page-credentials", 0, 0, 0)
PAGE = name_account(OrganizationId("shop"), Channel.FACEBOOK, "105")
OTHER = name_account(OrganizationId("rival"), Channel.FACEBOOK, "105")
EXPIRED = PageProblem(code="token_expired", vi="Hết hạn.", en="It expired.")


def pages(*keys: str) -> PageCredentials:
    return PageCredentials(SecretStr(",".join(keys)))


def fold(kept: PageCredentials, *records: ProducerRecord) -> PageCredentials:
    for record in records:
        kept.fold(KeyedBytes(record.key, record.value), HERE)
    return kept


def pair(access: str, refresh: str | None = None) -> AccountCredentials:
    return AccountCredentials(
        access_token=SecretStr(access),
        refresh_token=None if refresh is None else SecretStr(refresh),
        expires_at=datetime(2026, 12, 1, tzinfo=UTC),
    )


def test_p6_credentials_are_encrypted_in_the_log_and_open_for_those_who_have_the_key() -> None:
    given = pair("s3cret-access", "s3cret-refresh")
    record = pages(OLD).set_record(PAGE, given)
    assert b"s3cret" not in (record.value or b"")
    assert "s3cret" not in repr(given)
    reader = fold(pages(OLD), record)
    assert (reader.credentials(PAGE), reader.accounts) == (given, (PAGE,))
    assert reader.credentials(OTHER) is None


def test_p6_a_new_key_in_front_opens_what_the_old_one_encrypted() -> None:
    given = pair("a")
    record = pages(OLD).set_record(PAGE, given)
    assert fold(pages(NEW, OLD), record).credentials(PAGE) == given
    with pytest.raises(UnreadableEventError, match="a key that is not here"):
        fold(pages(NEW), record)


@pytest.mark.parametrize("key", [f"set/{OTHER}", f"refreshed/{PAGE}"])
def test_p6_credentials_that_were_moved_to_another_record_open_nothing(key: str) -> None:
    kept = pages(OLD)
    record = kept.set_record(PAGE, pair("a"))
    with pytest.raises(UnreadableEventError, match="another record"):
        kept.fold(KeyedBytes(key, record.value), HERE)
    assert kept.accounts == ()


def test_p6_unreadable_credentials_end_those_before() -> None:
    kept = fold(pages(OLD), pages(OLD).set_record(PAGE, pair("a")))
    with pytest.raises(UnreadableEventError):
        fold(kept, pages(NEW).set_record(PAGE, pair("b")))
    assert kept.credentials(PAGE) is None


def test_p5_a_refreshed_pair_counts_until_others_are_set() -> None:
    first, other = pair("a1", "r1"), pair("b1", "r1")
    second = replace(first, access_token=SecretStr("a2"))
    kept = pages(OLD)
    fold(kept, kept.set_record(PAGE, first), kept.refreshed_record(PAGE, second))
    assert (kept.credentials(PAGE), kept.find_set_credentials(PAGE)) == (second, first)
    fold(kept, kept.set_record(PAGE, other))
    assert kept.credentials(PAGE) == other
    fold(kept, kept.refreshed_record(PAGE, second))
    assert kept.credentials(PAGE) == other


def test_p5_a_refreshed_pair_counts_whichever_record_is_read_first() -> None:
    """Encrypting with a new key writes the records in any order."""
    first = pair("a1", "r1")
    second = replace(first, access_token=SecretStr("a2"))
    kept = pages(OLD)
    fold(kept, kept.refreshed_record(PAGE, second))
    assert kept.credentials(PAGE) is None
    assert fold(kept, kept.set_record(PAGE, first)).credentials(PAGE) == second


def test_p5_a_problem_ends_with_other_credentials_or_when_it_is_removed() -> None:
    first, other = pair("a1"), pair("b1")
    kept = pages(OLD)
    fold(kept, kept.set_record(PAGE, first), problem_record(PAGE, first, EXPIRED))
    assert kept.problem(PAGE) == EXPIRED
    assert fold(kept, kept.set_record(PAGE, other)).problem(PAGE) is None
    fold(kept, problem_record(PAGE, other, EXPIRED))
    assert kept.problem(PAGE) == EXPIRED
    assert fold(kept, problem_record(PAGE, other, None)).problem(PAGE) is None


@pytest.mark.parametrize("is_late", [True, False])
def test_p5_a_problem_of_the_pair_before_ends_whichever_record_comes_first(
    *, is_late: bool
) -> None:
    """Two workers exchanged the pair: one got the next one, and the other one was refused."""
    first = pair("a1", "r1")
    second = replace(first, access_token=SecretStr("a2"), refresh_token=SecretStr("r2"))
    kept = pages(OLD)
    records = [kept.refreshed_record(PAGE, second), problem_record(PAGE, first, EXPIRED)]
    fold(kept, kept.set_record(PAGE, first), *(records if is_late else records[::-1]))
    assert (kept.credentials(PAGE), kept.problem(PAGE)) == (second, None)
    assert fold(kept, problem_record(PAGE, second, EXPIRED)).problem(PAGE) == EXPIRED


def test_p5_a_problem_that_an_earlier_version_wrote_is_about_the_present_pair() -> None:
    first = pair("a1", "r1")
    kept = pages(OLD)
    record = problem_record(PAGE, first, EXPIRED)
    before = msgspec.json.decode(record.value or b"")
    del before["token"]
    old = record._replace(value=msgspec.json.encode(before))
    assert fold(kept, kept.set_record(PAGE, first), old).problem(PAGE) == EXPIRED


def test_p1_what_is_known_of_a_subscription_ends_with_other_credentials() -> None:
    given = pair("a1")
    kept = pages(OLD)
    fold(kept, kept.set_record(PAGE, given))
    assert kept.subscription(PAGE) is None
    subscribed = PageSubscription(stamp=given.stamp)
    assert fold(kept, subscription_record(PAGE, subscribed)).subscription(PAGE) == subscribed
    assert fold(kept, subscription_record(PAGE, None)).subscription(PAGE) is None
    failed = PageSubscription(stamp=given.stamp, problem=EXPIRED)
    assert fold(kept, subscription_record(PAGE, failed)).subscription(PAGE) == failed
    assert fold(kept, kept.set_record(PAGE, pair("b1"))).subscription(PAGE) is None


def test_p6_removed_credentials_are_gone_with_all_that_was_known_of_them() -> None:
    given = pair("a1", "r1")
    kept = pages(OLD)
    fold(
        kept,
        kept.set_record(PAGE, given),
        kept.refreshed_record(PAGE, given),
        problem_record(PAGE, given, EXPIRED),
        subscription_record(PAGE, PageSubscription(stamp=given.stamp)),
        *removal_records(PAGE),
    )
    assert (kept.credentials(PAGE), kept.problem(PAGE), kept.accounts) == (None, None, ())
    assert fold(kept, kept.set_record(PAGE, given)).credentials(PAGE) == given
    assert (kept.problem(PAGE), kept.subscription(PAGE)) == (None, None)


@pytest.mark.parametrize("key", ["other/a", f"set/{PAGE}", f"problem/{PAGE}"])
def test_a_record_that_is_none_of_page_credentials_is_refused(key: str) -> None:
    with pytest.raises(UnreadableEventError):
        pages(OLD).fold(KeyedBytes(key, b"no json"), HERE)
