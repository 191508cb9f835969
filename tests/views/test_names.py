"""A name is found by each part of it, and by nothing else (I4)."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_platform.text import fold_accents
from tuyen_views.names import (
    NAME,
    SUFFIX_CHARACTERS,
    SUFFIXES,
    list_suffixes,
    match_each_part,
    match_part,
)

LETTERS = st.text(st.sampled_from("abn .|^\\Ễđ李\ue000\ud7ff"), max_size=40)


def is_found(query: dict[str, Any], name: str) -> bool:
    """What MongoDB does."""
    folded = fold_accents(name)
    fields = {NAME: (folded,), SUFFIXES: list_suffixes(folded)}
    return all(
        any(re.search(condition["$regex"], text) for text in fields[field])
        for field, condition in query.items()
    )


@given(LETTERS, LETTERS.filter(fold_accents))
def test_i4_a_name_is_found_exactly_if_it_contains_the_text(name: str, text: str) -> None:
    expected = fold_accents(text) in fold_accents(name)
    assert is_found(match_part(text), name) is expected
    assert is_found(match_each_part(text), name) is expected


@given(LETTERS.filter(fold_accents), st.data())
def test_i4_a_name_is_found_by_every_part_of_it(name: str, data: st.DataObject) -> None:
    folded = fold_accents(name)
    start = data.draw(st.integers(0, len(folded) - 1))
    end = data.draw(st.integers(start + 1, len(folded)))
    assert is_found(match_part(folded[start:end]), name)


def test_i4_a_bar_is_looked_up_too() -> None:
    """A pattern with a bar would read the whole index."""
    assert "|" not in match_part("Lan | Shop")[SUFFIXES]["$regex"]
    assert is_found(match_part("| shop"), "Lan | Shop")
    assert not is_found(match_part("|"), "Lan \ue000 Shop")
    assert not is_found(match_part("\ue000"), "Lan | Shop")


@pytest.mark.parametrize("text", ["v", "vi", "Vĩnh", "n v"])
def test_i4_a_short_text_needs_no_second_comparison(text: str) -> None:
    assert match_part(text).keys() == {SUFFIXES}
    assert is_found(match_part(text), "Nguyễn Vĩnh")


def test_i4_a_long_text_is_looked_up_by_its_end() -> None:
    name = "Nguyễn Thị Hồng Nhung"
    query = match_part(name)
    assert query[SUFFIXES]["$regex"] == r"^n\ thi\ hong\ nhung"
    assert is_found(query, name)
    assert not is_found(query, "Trần Thị Hồng Nhung")


def test_r9_5_the_suffixes_of_a_name_are_few_and_short() -> None:
    suffixes = list_suffixes("".join(chr(0x4E00 + number) for number in range(5_000)))
    assert len(suffixes) == 600
    assert max(map(len, suffixes)) == SUFFIX_CHARACTERS
    assert list_suffixes("aaaa") == ("a", "aa", "aaa", "aaaa")
    assert list_suffixes("") == list_suffixes(None) == ()
