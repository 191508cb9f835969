"""L4: how ingest serves the widget's script."""

import httpx

from ingest.visitor_rig import BASE, VisitorRig
from tuyen_channels.livechat.widget import WidgetScript

SCRIPT = WidgetScript()


async def fetch(rig: VisitorRig, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await rig.http.get(f"{BASE}/widget.js", headers=given)


async def test_l4_it_is_served_compressed_and_cached(stranger: VisitorRig) -> None:
    answer = await fetch(stranger, accept_encoding="br, gzip;q=0.8")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age=" in answer.headers["cache-control"]
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.content == SCRIPT.content
    again = await fetch(stranger, if_none_match=answer.headers["etag"])
    assert again.status_code == 304
    assert again.content == b""
    for accepted in ("identity", "gzip;q=0", ""):
        plain = await fetch(stranger, accept_encoding=accepted)
        assert "content-encoding" not in plain.headers
        assert plain.content == SCRIPT.content
