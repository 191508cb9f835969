"""How usernames and passwords are compared: keyboards and systems spell one letter in several ways.

`ủ` is one code point or two, and which one is typed depends on the machine (RFC 8265).
"""

import unicodedata


def composed(text: str) -> str:
    """`text` as it is stored from now on: in Unicode's composed form."""
    return unicodedata.normalize("NFC", text)


def folded(username: str) -> str:
    """What two usernames have in common that are one: neither case nor spelling counts."""
    return composed(composed(username).casefold())
