"""`/docs`: the API's description in a viewer that the gateway serves itself.

The browser fetches nothing from anywhere else, and the content security policy holds it to that.
The viewer is Swagger UI (Apache-2.0), as the package `fastapi-offline` (MIT) contains it.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from fastapi import APIRouter, Response

from tuyen_gateway.errors import NotFoundError

router = APIRouter(include_in_schema=False)

_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # the viewer sets styles of single elements
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)

_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": _POLICY,
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }
)

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tuyến: the gateway's API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon.png">
</head>
<body>
<div id="viewer"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

_START = """\
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#viewer",
  deepLinking: true,
  docExpansion: "none",
  validatorUrl: null,
});
"""

_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
        "swagger-ui.css": "text/css; charset=utf-8",
        "favicon.png": "image/png",
    }
)

_CACHED = {"Cache-Control": "public, max-age=3600"}


@router.get("/docs")
async def show_docs() -> Response:
    """The page. Its addresses are relative, so that it works behind a prefix as well."""
    return Response(_PAGE, media_type="text/html; charset=utf-8", headers=dict(_HEADERS))


@router.get("/docs/start.js")
async def get_start() -> Response:
    """The script that starts the viewer. It is a file, since the policy forbids scripts within the
    page."""
    return Response(_START, media_type="text/javascript; charset=utf-8", headers=dict(_HEADERS))


@router.get("/docs/{name}")
async def get_part(name: str) -> Response:
    """A file of the viewer."""
    media_type = _TYPES.get(name)
    if media_type is None:
        raise NotFoundError(f"There is no file {name[:50]!r}.")
    return Response(_read(name), media_type=media_type, headers={**_HEADERS, **_CACHED})


@cache
def _read(name: str) -> bytes:
    return (files("fastapi_offline") / "static" / name).read_bytes()
