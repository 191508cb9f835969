"""How usernames and passwords are compared: keyboards and systems encode one letter in several
ways.

`ủ` is one code point or two, and which one is typed depends on the machine (RFC 8265).
"""

import unicodedata


def compose_unicode(text: str) -> str:
    """`text` as it is stored from now on: in Unicode's composed form."""
    return unicodedata.normalize("NFC", text)


def fold_username(username: str) -> str:
    """The same for two usernames that are equal: case and Unicode form do not matter."""
    return compose_unicode(compose_unicode(username).casefold())
