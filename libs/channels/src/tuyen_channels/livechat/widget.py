"""The widget's script: one file, the same for every page (L4).

`<script src="https://INGEST/livechat/APP/widget.js" async></script>` is all that a site needs. Its
parts are in `browser/`: plain JavaScript and one style sheet, put together without a build step. It
works under a strict content security policy: elements are created one by one, texts are only ever
text, and the style sheet is constructed, so that neither inline scripts, inline styles nor HTML
from strings are needed.
"""

import gzip
import json
from collections.abc import Mapping
from hashlib import blake2b
from http import HTTPStatus
from importlib.resources import files
from typing import NamedTuple

_HEADERS = {
    "Content-Type": "text/javascript; charset=utf-8",
    "Cache-Control": "public, max-age=600, stale-while-revalidate=86400",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept-Encoding",
}
"""A new version reaches every visitor within ten minutes, and nobody waits for it."""

_HOME = 'const HOME = "";'

_PARTS = (
    "page",
    "texts",
    "memory",
    "calls",
    "elements",
    "thread",
    "following",
    "sending",
    "choices",
    "panel",
)
"""In the order in which they run, as the body of one function."""


class ScriptResponse(NamedTuple):
    """What a browser that asks for the script gets."""

    status: HTTPStatus
    headers: Mapping[str, str]
    content: bytes = b""


class WidgetScript:
    """The script, read and compressed once.

    The widget speaks with whoever served its script. `home` is the public address of ingest for a
    script that another service serves, without a slash at its end.
    """

    def __init__(self, home: str = "") -> None:
        script = _read_script().replace(_HOME, f"const HOME = {json.dumps(home)};", 1)
        self.content = script.encode()
        self.compressed = gzip.compress(self.content, mtime=0)
        self._etag = f'W/"{blake2b(self.content, digest_size=8).hexdigest()}"'

    def answer(self, asked: Mapping[str, str]) -> ScriptResponse:
        """The answer to a request with these headers, whose names are in lower case."""
        headers = {**_HEADERS, "ETag": self._etag}
        if self._etag in asked.get("if-none-match", ""):
            return ScriptResponse(HTTPStatus.NOT_MODIFIED, headers)
        if not _takes_gzip(asked.get("accept-encoding", "")):
            return ScriptResponse(HTTPStatus.OK, headers, self.content)
        return ScriptResponse(
            HTTPStatus.OK, {**headers, "Content-Encoding": "gzip"}, self.compressed
        )


def _read_script() -> str:
    folder = files("tuyen_channels").joinpath("livechat/browser")
    style = folder.joinpath("style.css").read_text("utf-8")
    parts = (folder.joinpath(f"{name}.js").read_text("utf-8") for name in _PARTS)
    body = "\n".join([f"const STYLE = {json.dumps(style)};", *parts])
    return f'(() => {{\n"use strict";\n{body}}})();\n'


def _takes_gzip(accepted: str) -> bool:
    for each in accepted.split(","):
        name, _, parameters = each.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
