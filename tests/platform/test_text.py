"""Accents and case do not hide a name from a search (I4)."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_platform.text import fold_accents

_VECTORS = "services/gateway/console/src/core/names.vectors.json"
CONSOLE = json.loads((Path(__file__).parents[2] / _VECTORS).read_text())


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("vinh", "Vĩnh"),
        ("VINH", "vĩnh"),
        ("duong", "Đường Thị Hoa"),
        ("nguyen", "NGUYỄN Văn Đức"),
        ("đức", "Nguyen Van Duc"),
        ("strasse", "Straße"),
        ("duc", "\u00d0ức"),
        ("duc", "\u0110ức"),
        ("duc", "\u0189ức"),
        ("\u00d0uc", "\u0111ức"),
        ("lan anh", "L\u200ban\u00ad An\ufeffh"),
        ("vinh", "Vi\u034fn\ufe0fh"),
        ("l\u200dan", "Lan"),
    ],
)
def test_i4_a_query_without_accents_finds_the_name(query: str, name: str) -> None:
    assert fold_accents(query) in fold_accents(name)


def test_i4_another_name_is_not_found() -> None:
    assert fold_accents("vinh") not in fold_accents("Lan Anh")


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold_accents(fold_accents(text)) == fold_accents(text)


@given(st.text(alphabet=st.characters(max_codepoint=0x1EFF)))
def test_composed_and_decomposed_spellings_fold_alike(text: str) -> None:
    spellings = {unicodedata.normalize(form, text) for form in ("NFC", "NFD")}
    assert len({fold_accents(spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize("vector", CONSOLE["names"], ids=lambda vector: vector["text"])
def test_i4_the_console_folds_the_same(vector: dict[str, str]) -> None:
    """The console's own folding has a test of the same vectors."""
    assert fold_accents(vector["text"]) == vector["folded"]
