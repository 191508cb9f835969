"""The form of a page's token: only characters that a header may contain, since it is sent in
one."""

import re

from tuyen_events.limits import PAGE_SECRET_CHARACTERS

_is_visible_ascii = re.compile(r"[!-~]+").fullmatch


def is_page_secret(value: object) -> bool:
    """Whether it is text that a header can contain, and not too long."""
    if not isinstance(value, str) or len(value) > PAGE_SECRET_CHARACTERS:
        return False
    return _is_visible_ascii(value) is not None
