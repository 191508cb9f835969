"""Open sets: a word that this version does not know is kept as it is (decision 26)."""

import copy
import pickle
import re

import msgspec
import pytest

from tuyen_events.vocabulary import (
    OPEN_WORD_PATTERN,
    AppliesTo,
    Capability,
    Channel,
    Exclusion,
    OpenWord,
    PresenceCause,
    Reason,
    Strategy,
    Visibility,
    WhenNobody,
)

OPEN = [Channel, Strategy, Reason, Capability, Exclusion, PresenceCause, AppliesTo, WhenNobody]


class Post(msgspec.Struct, frozen=True):
    channel: Channel
    counts: dict[Channel, int] = {}


def read(text: str) -> Post:
    return msgspec.json.decode(text, type=Post)


@pytest.mark.parametrize("words", OPEN)
def test_a_word_that_is_not_known_is_read_and_written_again_as_it_was(
    words: type[OpenWord],
) -> None:
    text = b'"later_value"'
    word = msgspec.json.Decoder(words).decode(text)
    assert isinstance(word, words)
    assert not word.is_known
    assert str(word) == word.value == "later_value"
    assert msgspec.json.encode(word) == text
    assert msgspec.to_builtins(word) == "later_value"


@pytest.mark.parametrize("words", OPEN)
def test_todays_words_are_known_and_look_like_every_word_to_come(words: type[OpenWord]) -> None:
    for word in words:
        assert word.is_known
        assert re.search(OPEN_WORD_PATTERN, word.value)


def test_two_words_of_one_text_are_one_key() -> None:
    once, again = read('{"channel":"email"}'), read('{"channel":"email","counts":{"email":3}}')
    assert once.channel == again.channel
    assert again.counts[once.channel] == 3
    assert once.channel != Channel.ZALO


def test_r9_6_what_is_read_is_kept_nowhere() -> None:
    known = len(Channel)
    for number in range(1_000):
        read(f'{{"channel":"channel_{number}"}}')
    assert len(Channel) == len(Channel._value2member_map_) == known
    assert "email" not in vars(Channel)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('""', id="empty"),
        pytest.param('"Email"', id="capital letter"),
        pytest.param('"e-mail"', id="hyphen"),
        pytest.param('"a.b"', id="path of a field"),
        pytest.param('"$where"', id="operator of the database"),
        pytest.param('"thư"', id="letter with an accent"),
        pytest.param('"email\\n"', id="line break"),
        pytest.param(f'"{"a" * 65}"', id="too long"),
        pytest.param("1", id="number"),
        pytest.param("null", id="null"),
    ],
)
def test_r9_5_text_that_cannot_be_a_search_word_is_refused(text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        read(f'{{"channel":{text}}}')


def test_a_word_that_is_not_known_can_be_copied_and_pickled() -> None:
    word = Channel("email")
    assert copy.deepcopy(word) == word
    assert pickle.loads(pickle.dumps(word)) == word  # noqa: S301 - made in this very line


def test_a_closed_set_takes_no_other_word() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'"later_value"', type=Visibility)


@pytest.mark.parametrize("channel", Channel)
def test_r1_3_every_channel_has_a_capability_for_messages(channel: Channel) -> None:
    assert Capability(f"{channel.value}_message").is_known


@pytest.mark.parametrize("mode", Strategy)
def test_r9_4_every_mode_has_its_reason(mode: Strategy) -> None:
    assert mode is Strategy.SEQUENTIAL or Reason(mode.value).is_known
