"""The closed sets of words."""

import pytest

from tuyen_events.routing import Purpose, Verdict
from tuyen_events.vocabulary import Channel, ConversationKind, Reason, Word


@pytest.mark.parametrize("words", [Channel, ConversationKind, Reason, Purpose, Verdict])
def test_a_word_is_a_plain_attribute_of_its_class(words: type[Word]) -> None:
    for name, word in words.__members__.items():
        assert vars(words)[name] is word
        assert words(str(word)) is word
    assert list(words) == list(words.__members__.values())


def test_r4_comments_on_posts_alone_are_not_sticky() -> None:
    assert {kind for kind in ConversationKind if not kind.sticky} == {ConversationKind.COMMENT}
