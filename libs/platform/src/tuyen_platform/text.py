"""Text as people search for it."""

import unicodedata

_LETTERS = str.maketrans({"đ": "d", "ø": "o", "ł": "l", "ı": "i"})
"""Letters whose stroke or missing dot is no combining mark, so that no decomposition takes it."""


def fold_accents(text: str) -> str:
    """`text` without accents and case: "vinh" is found in "Vĩnh", "duong" in "Đường" (I4).

    Compare the folded query with the folded text. Folding twice changes nothing, and composed and
    decomposed spellings fold alike. Spaces and punctuation stay as they are.
    """
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return bare.translate(_LETTERS)
