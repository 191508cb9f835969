"""Long texts as several messages."""

from hypothesis import given
from hypothesis import strategies as st

from tuyen_channels.texts import cut_into_messages


@given(st.text(st.sampled_from("ab \n"), max_size=80), st.integers(3, 20))
def test_i6_pieces_fit_and_contain_every_word(text: str, characters: int) -> None:
    pieces = cut_into_messages(text, characters)
    assert all(0 < len(piece) <= characters for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_i6_a_text_is_cut_between_words_where_it_can_be() -> None:
    assert cut_into_messages("một hai ba", 8) == ["một hai", "ba"]
    assert cut_into_messages("abcdefgh", 3) == ["abc", "def", "gh"]
    assert cut_into_messages("  ", 3) == []
