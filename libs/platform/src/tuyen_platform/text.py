"""Text as people search for it.

Decides I4.
"""

import unicodedata

_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ɖ": "d", "ø": "o", "ł": "l", "ı": "i", "ħ": "h", "ŧ": "t", "ƀ": "b"}
)
"""Letters whose stroke, hook or missing dot is no combining mark, so that no decomposition takes
it. Đ, Ð and Ɖ are three characters that look like one, and people type whichever they have."""

_UNSEEN = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
"""What is not shown and is no format character by its category: joiners, fillers, selectors."""
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


def fold_accents(text: str) -> str:
    """`text` without accents and case: "vinh" is found in "Vĩnh", "duong" in "Đường" (I4).

    Compare the folded query with the folded text. Folding twice changes nothing, and composed and
    decomposed spellings fold alike. What nobody sees (a zero-width space, a soft hyphen, a mark of
    direction) is left out; spaces and punctuation stay as they are.
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
