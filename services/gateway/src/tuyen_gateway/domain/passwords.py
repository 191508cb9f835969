"""How passwords are compared: keyboards and systems spell one letter in several ways (RFC 8265)."""

import unicodedata
from collections.abc import Sequence

from tuyen_directory.usernames import compose_unicode


def list_spellings(password: str) -> Sequence[str]:
    """The forms in which `password` may have been hashed: as it is now, composed, or decomposed,
    for passwords from before they were compose_unicode."""
    decomposed = unicodedata.normalize("NFD", password)
    return tuple(dict.fromkeys((password, compose_unicode(password), decomposed)))
