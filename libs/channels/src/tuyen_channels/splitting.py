"""Splits JSON into its parts without decoding it: if a strict decoder refuses the whole because of
one part, the other parts can still be read. Depth, numbers and characters make no difference
here."""

import re

from tuyen_events import limits

_TOKEN = re.compile(
    rb'[^"\[\]{},]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"[^"\[\]{},]*+)*+(["\[\]{},]|\Z)', re.DOTALL
)
"""The next character that structures JSON, with everything before it; or a quotation mark without
its end, or the end of the text."""

_MEMBER = re.compile(rb'"([^"\\]*)"\s*:\s*(.*)', re.DOTALL)
_BLANK = b" \t\r\n"


def elements(array: bytes) -> list[bytes]:
    """The elements of an array, each as its bytes. Raises ValueError if it is not an array."""
    return _parts(array, b"[")


def members(of: bytes) -> dict[str, bytes]:
    """The members of an object, each value as its bytes; of two with the same name the last. Raises
    ValueError if it is not an object."""
    found = {}
    for part in _parts(of, b"{"):
        member = _MEMBER.fullmatch(part)
        if member is not None:
            found[member[1].decode("utf-8", "replace")] = member[2]
    return found


def _parts(whole: bytes, opening: bytes) -> list[bytes]:
    text = whole.strip(_BLANK)
    if not text.startswith(opening):
        raise ValueError(f"the JSON does not begin with {opening.decode()}")
    parts, depth, start = list[bytes](), 0, 1
    if limits.count_elements(text) > limits.SPLIT_ELEMENTS:
        raise ValueError(f"the JSON holds more than {limits.SPLIT_ELEMENTS} values")
    for token in _TOKEN.finditer(text):
        found = token[1]
        if found in (b"[", b"{"):
            depth += 1
        elif found in (b"]", b"}"):
            depth -= 1
            if depth == 0:
                return _with_last(parts, text, start, token)
        elif found == b"," and depth == 1:
            parts.append(text[start : token.start(1)].strip(_BLANK))
            start = token.end()
        elif found in (b'"', b""):
            break
    raise ValueError("the JSON has no end")


def _with_last(parts: list[bytes], text: bytes, start: int, end: re.Match[bytes]) -> list[bytes]:
    if end.end() != len(text):
        raise ValueError("something follows the JSON")
    last = text[start : end.start(1)].strip(_BLANK)
    return [*parts, last] if parts or last else parts
