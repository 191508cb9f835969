"""Addresses of others that callers give us: to call, to send a browser to, or to compare with a
browser's `Origin`."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from tuyen_events.limits import ORIGIN_CHARACTERS, URL_CHARACTERS

_HTTP = re.compile(r"https?://[^\s#\\]+", re.IGNORECASE).fullmatch
_LABEL = r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_LABEL}(\.{_LABEL})*\.?|\[[0-9a-f:.]+\]").fullmatch
_PORTS = {"http": 80, "https": 443}


def find_host(url: str) -> str | None:
    """The host as browsers write it: in lower case, an international one in its ASCII form, an IPv6
    address in brackets. None for an address without a valid one."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        in_ascii = host if host.isascii() else host.encode("idna").decode()
        valid = "@" not in parts.netloc and parts.port != 0
    except ValueError:  # no valid port, no valid international name
        return None
    shown = f"[{in_ascii}]" if ":" in in_ascii else in_ascii
    return shown if valid and _HOST(shown) else None


def _check_address(url: str) -> str:
    if not _HTTP(url) or not url.isprintable() or find_host(url) is None:
        raise PydanticCustomError(
            "web_address",
            "Give a whole address, without user, fragment and blanks: https://shop.example/hook",
        )
    return url


def _read_origin(given: str) -> str:
    parts = urlsplit(_check_address(given))
    if parts.path not in ("", "/") or parts.query:
        raise PydanticCustomError("origin", "Give an origin, without a path: https://shop.example")
    port = "" if parts.port in (None, _PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{find_host(given)}{port}"


Address = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=URL_CHARACTERS),
    AfterValidator(_check_address),
]
"""An address that can be called, or that a browser can be sent to: without a user, a password and a
fragment."""

Origin = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=ORIGIN_CHARACTERS),
    AfterValidator(_read_origin),
]
"""An origin, stored as browsers send it: `HTTPS://Shop.example:443/` as `https://shop.example`."""
