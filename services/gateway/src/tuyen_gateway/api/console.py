"""The console: the agents' web page at `/`, as its build left it within this package.

Every address of a view answers with the same page, which then shows that view. The page may fetch
from the gateway alone, and runs no script but the files of its build.
"""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tuyen_gateway.api.sessions import has_session
from tuyen_gateway.errors import NotFoundError

FOLDER = Path(__file__).parents[1] / "console"
"""What `services/gateway/console` was built into."""

VIEWS = (
    "login",
    "inbox",
    "comments",
    "zalo",
    "livechat",
    "posts",
    "live",
    "contacts",
    "board",
    "rules",
    "settings",
    "welcome",
)

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "media-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ]
)

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}

_INDEX = "index.html"
_NO_SESSION, _OPENID = 'data-session="none"', "data-openid"
"""What the page says of itself: that it need not ask who is logged in, as browsers log each refusal
as an error; and that one can log in at an OpenID provider."""

_ICON = "icon.svg"
_ASSETS = "assets"
"""The folder of files whose names change with their content."""

_NOT_BUILT = (
    "The console has not been built: run `make console`, which needs Node 20.19 or newer, "
    "and load this page again.\n"
)

_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
}

_COMPRESSED = {".br": "br", ".gz": "gzip"}
_PLAIN = "identity"


class BuiltFile(NamedTuple):
    """One file of the build, with its content by the encoding that a browser has to accept."""

    content_type: str
    etag: str
    contents: Mapping[str, bytes]

    def answer(self, request: Request, cache: str) -> Response:
        headers = {**_HEADERS, "Cache-Control": cache, "ETag": self.etag}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        accepted = set(_list_accepted(request.headers.get("accept-encoding", "")))
        encoding = next(one for one in self.contents if one in accepted)
        if encoding != _PLAIN:
            headers["Content-Encoding"] = encoding
        return Response(self.contents[encoding], media_type=self.content_type, headers=headers)


def _list_accepted(header: str) -> Iterator[str]:
    yield _PLAIN
    for each in header.split(","):
        name, _, parameters = each.partition(";")
        if parameters.replace(" ", "").rstrip("0.") != "q=":
            yield name.strip().lower()


def list_routes() -> list[Route]:
    """The routes of the page and its files. They come after all others."""
    routes = [
        Route(path, _show_page, methods=["GET"], include_in_schema=False)
        for path in _list_addresses()
    ]
    for path, endpoint in (
        (f"/{_ASSETS}/{{name:path}}", _get_asset),
        (f"/{_ICON}", _get_icon),
    ):
        routes.append(Route(path, endpoint, methods=["GET"], include_in_schema=False))
    return routes


def _list_addresses() -> Iterator[str]:
    """Below `/livechat` the widget has addresses of two parts, and the page of one."""
    yield "/"
    for view in VIEWS:
        yield f"/{view}"
        yield f"/{view}/{{shown}}" if view == "livechat" else f"/{view}/{{shown:path}}"


async def _show_page(request: Request) -> Response:
    provider = request.app.state.gateway.openid
    said = {_NO_SESSION: not has_session(request), _OPENID: provider is not None}
    page = _find_build().get(_name_page([mark for mark, holds in said.items() if holds]))
    if page is None:
        return PlainTextResponse(_NOT_BUILT, status_code=503, headers={"Cache-Control": "no-store"})
    response = page.answer(request, "no-cache")
    response.headers.add_vary_header("Cookie")
    return response


async def _get_asset(request: Request) -> Response:
    name = f"{_ASSETS}/{request.path_params['name']}"
    return _find_file(name).answer(request, "public, max-age=31536000, immutable")


async def _get_icon(request: Request) -> Response:
    return _find_file(_ICON).answer(request, "no-cache")


def _find_file(name: str) -> BuiltFile:
    found = _find_build().get(name)
    if found is None:
        raise NotFoundError(f"There is no file {name[:100]!r}.")
    return found


def _find_build() -> Mapping[str, BuiltFile]:
    """The files of the build by their names; none as long as there is no build."""
    try:
        built_at = (FOLDER / _INDEX).stat().st_mtime_ns
    except FileNotFoundError:
        return {}
    return _read_build(FOLDER, built_at)


@lru_cache(maxsize=1)
def _read_build(folder: Path, _built_at: int) -> Mapping[str, BuiltFile]:
    """All files of the build, read once for each time that it is made."""
    files = {
        path.relative_to(folder).as_posix(): _read_file(path)
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in _COMPRESSED
    }
    if (page := files.get(_INDEX)) is not None:
        for marks in ([_NO_SESSION], [_OPENID], [_NO_SESSION, _OPENID]):
            tag = f"<html {' '.join(marks)}".encode()
            marked = page.contents[_PLAIN].replace(b"<html", tag, 1)
            files[_name_page(marks)] = _make_file(page.content_type, marked, {})
    return files


def _name_page(marks: Sequence[str]) -> str:
    """The name under which the page with these marks is kept."""
    return " ".join((_INDEX, *marks))


def _read_file(path: Path) -> BuiltFile:
    compressed = {
        encoding: found.read_bytes()
        for suffix, encoding in _COMPRESSED.items()
        if (found := path.with_name(path.name + suffix)).is_file()
    }
    content_type = _TYPES.get(path.suffix, "application/octet-stream")
    return _make_file(content_type, path.read_bytes(), compressed)


def _make_file(content_type: str, content: bytes, compressed: Mapping[str, bytes]) -> BuiltFile:
    contents = {**compressed}
    contents.setdefault("gzip", gzip.compress(content, mtime=0))
    return BuiltFile(
        content_type=content_type,
        etag=f'W/"{blake2b(content, digest_size=8).hexdigest()}"',
        contents={**contents, _PLAIN: content},
    )
