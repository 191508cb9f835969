"""Normalizes text for searching (I4)."""

import unicodedata

_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ɖ": "d", "ø": "o", "ł": "l", "ı": "i", "ħ": "h", "ŧ": "t", "ƀ": "b"}
)
"""Letters whose stroke, hook or missing dot is not a combining mark, so that decomposition does not
remove it. Đ, Ð and Ɖ are three characters that look the same, and people type any of them."""

_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
"""Invisible characters that are not in the category of format characters: joiners, fillers,
selectors."""
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def fold_accents(text: str) -> str:
    """`text` without accents and case: "vinh" is found in "Vĩnh", "duong" in "Đường" (I4).

    Compare the folded query with the folded text. Folding twice changes nothing, and composed and
    decomposed spellings fold alike. Invisible characters (a zero-width space, a soft hyphen, a
    direction mark) are removed; spaces and punctuation stay as they are.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(letter for letter in decomposed if _counts(letter))
    return bare.translate(_LETTERS)


def _counts(letter: str) -> bool:
    if letter.isascii():
        return True
    if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf":
        return False
    return letter not in _UNSEEN and not any(ord(letter) in each for each in _SELECTORS)
