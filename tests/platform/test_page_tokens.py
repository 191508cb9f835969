"""P6: a page's token is encrypted in the log, and can be decrypted for its own account only."""

from base64 import urlsafe_b64encode

import pytest
from pydantic import SecretStr, ValidationError

from tuyen_events.codec import KeyedBytes, UnreadableEventError
from tuyen_platform.kafka.ports import ProducerRecord, RecordPosition
from tuyen_platform.page_tokens import PageTokens
from tuyen_platform.settings import LOCAL_SECRETS_KEY, EncryptionSettings

OLD, NEW = (urlsafe_b64encode(bytes([number] * 32)).decode() for number in (1, 2))
"""Two keys; never drawn, since tests are named for them."""


def tokens(*keys: str) -> PageTokens:
    return PageTokens(SecretStr(",".join(keys)))


HERE = RecordPosition("page-tokens", 0, 0, 0)


def fold(kept: PageTokens, *records: ProducerRecord) -> PageTokens:
    for record in records:
        kept.fold(KeyedBytes(record.key, record.value), HERE)
    return kept


def test_p6_a_token_is_encrypted_in_the_log_and_decrypted_for_those_who_have_the_key() -> None:
    record = tokens(OLD).record("app_1", "s3cret-token")
    assert b"s3cret-token" not in (record.value or b"")
    reader = fold(tokens(OLD), record)
    assert (reader.token("app_1"), reader.token("app_2")) == ("s3cret-token", None)


def test_p6_a_new_key_in_front_decrypts_what_the_old_one_encrypted() -> None:
    record = tokens(OLD).record("app_1", "t")
    assert fold(tokens(NEW, OLD), record).token("app_1") == "t"
    with pytest.raises(UnreadableEventError, match="a key that is not here"):
        fold(tokens(NEW), record)


def test_p6_a_token_that_was_moved_to_another_account_opens_nothing() -> None:
    kept = tokens(OLD)
    record = kept.record("app_1", "t")
    with pytest.raises(UnreadableEventError, match="another account"):
        kept.fold(KeyedBytes("token/app_2", record.value), HERE)
    assert kept.token("app_2") is None


def test_p1_a_token_is_used_from_its_first_call_on_and_a_new_one_is_not() -> None:
    kept = tokens(OLD)
    assert kept.first_use("app_1") == ()
    fold(kept, kept.record("app_1", "one"))
    assert not kept.is_used("app_1")
    fold(kept, *kept.first_use("app_1"))
    assert kept.is_used("app_1")
    assert kept.first_use("app_1") == ()
    fold(kept, kept.record("app_1", "two"))
    assert not kept.is_used("app_1")


def test_a_token_that_was_removed_is_gone_with_its_use() -> None:
    kept = tokens(OLD)
    fold(kept, kept.record("app_1", "one"))
    fold(kept, *kept.first_use("app_1"), *kept.removal("app_1"))
    assert (kept.token("app_1"), kept.is_used("app_1")) == (None, False)


@pytest.mark.parametrize(("key", "value"), [("other/app_1", b"{}"), ("token/app_1", b"no json")])
def test_what_is_no_record_of_a_token_is_unreadable(key: str, value: bytes) -> None:
    with pytest.raises(UnreadableEventError):
        tokens(OLD).fold(KeyedBytes(key, value), HERE)


@pytest.mark.parametrize(
    ("key", "local", "starts"),
    [
        (None, True, True),
        (None, False, False),
        (LOCAL_SECRETS_KEY, False, False),
        (f"{NEW},{LOCAL_SECRETS_KEY}", False, False),
        ("", True, True),
        ("", False, False),
        ("kkkkkkkk-too-short", True, False),
        (f"{NEW},{OLD}", False, True),
    ],
)
def test_p6_outside_the_local_stack_a_key_of_its_own_is_needed(
    monkeypatch: pytest.MonkeyPatch, key: str | None, local: bool, starts: bool
) -> None:
    monkeypatch.setenv("TUYEN_KAFKA", "k")
    monkeypatch.setenv("TUYEN_LOCAL", str(local))
    monkeypatch.delenv("TUYEN_SECRETS_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("TUYEN_SECRETS_KEY", key)
    if starts:
        assert NEW not in repr(EncryptionSettings())
    else:
        with pytest.raises(ValidationError, match="TUYEN_SECRETS_KEY") as refused:
            EncryptionSettings()
        assert "kkkkkkkk" not in str(refused.value)
