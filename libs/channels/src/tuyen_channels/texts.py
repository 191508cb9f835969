"""Cuts a long text into messages that a channel takes."""

_LEAST_SHARE = 2
"""A text is cut at white space only in the second half of what fits: shorter messages would be too
many."""


def cut_into_messages(text: str, characters: int) -> list[str]:
    """The text in pieces of at most so many characters, cut at a line's end or between words where
    there is one. Together they contain every character but the white space at the cuts. An empty
    text has no piece."""
    pieces, rest = [], text.strip()
    while len(rest) > characters:
        cut = _find_cut(rest, characters)
        pieces.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*pieces, rest] if rest else pieces


def _find_cut(text: str, characters: int) -> int:
    for mark in ("\n", " "):
        found = text.rfind(mark, characters // _LEAST_SHARE, characters + 1)
        if found > 0:
            return found
    return characters
