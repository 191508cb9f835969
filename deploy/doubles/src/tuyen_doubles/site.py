"""A shop's own site, with the chat widget in its pages: to try it as a visitor.

The page allows its browser as little as possible, so that it shows what the widget needs: its
script, its requests and its pictures from ingest, and nothing inline.
"""

from html import escape
from string import Template
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SITE_PATH = "/site"

_STYLE_PATH = "/site.css"

_PAGE = Template("""<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Giày Hoa Sen</title>
<link rel="stylesheet" href="$style">
<script src="$ingest/livechat/$app/widget.js"$user async></script>
</head>
<body>
<main>
<h1>Giày Hoa Sen</h1>
<p>Giày thể thao, dép, phụ kiện. Hỏi shop ở góc dưới bên phải.</p>
<p lang="en">This page includes the chat widget by one script tag. Log in as an agent, go online,
and answer what you write here. With <code>?user=...&amp;hash=...</code> you are a customer whom the
site knows.</p>
</main>
</body>
</html>
""")

_STYLE = """
body { margin: 0; font: 17px/1.6 Georgia, serif; background: #faf7f2; color: #2a2420; }
main { max-width: 40rem; margin: 4rem auto; padding: 0 1.5rem; }
h1 { font-weight: 400; border-bottom: 3px solid #c96f3b; }
"""


def build_routes(ingest_url: str) -> list[Route]:
    """`GET /site/{app_id}`: a page with the widget of a livechat page, from ingest's address."""
    ingest = ingest_url.rstrip("/")
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {ingest}",
            f"connect-src {ingest}",
            f"img-src {ingest}",
            "style-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        ]
    )

    async def show(request: Request) -> Response:
        content = _PAGE.substitute(
            style=_STYLE_PATH,
            ingest=escape(ingest),
            app=quote(request.path_params["app_id"], safe=""),
            user=_describe_user(request),
        )
        return Response(
            content,
            headers={"Content-Security-Policy": policy},
            media_type="text/html; charset=utf-8",
        )

    async def style(_request: Request) -> Response:
        return Response(_STYLE, media_type="text/css")

    return [Route(f"{SITE_PATH}/{{app_id}}", show), Route(_STYLE_PATH, style)]


def _describe_user(request: Request) -> str:
    user, signed = request.query_params.get("user"), request.query_params.get("hash", "")
    if not user:
        return ""
    return f' data-user-id="{escape(user)}" data-user-hash="{escape(signed)}"'
