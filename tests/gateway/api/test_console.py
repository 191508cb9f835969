"""The console's page and files: what is served where, under which policy, and what it leaves be."""

import gzip
import os
import re
from pathlib import Path
from typing import Any

import pytest

from gateway.rig import Rig, running
from tuyen_gateway.api import console
from tuyen_gateway.api.console import POLICY, VIEWS
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

PAGE = '<!doctype html><html><script type="module" src="/assets/main-3f2a.js"></script></html>'
LOGGED_OUT = PAGE.replace("<html>", '<html data-session="none">')
SCRIPT = "console.log(1);" * 100


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the build is expected; there is none."""
    monkeypatch.setattr(console, "FOLDER", tmp_path)
    return tmp_path


@pytest.fixture
def built(folder: Path) -> Path:
    """A build with a script, for which it made brotli as well."""
    (folder / "assets").mkdir()
    (folder / "assets/main-3f2a.js").write_text(SCRIPT)
    (folder / "assets/main-3f2a.js.br").write_bytes(b"as brotli")
    (folder / "icon.svg").write_text("<svg/>")
    (folder / "index.html").write_text(PAGE)
    return folder


@pytest.mark.parametrize(
    "path", ["/", "/livechat/msg_1", "/contacts/import", *(f"/{view}" for view in VIEWS)]
)
async def test_every_address_of_a_view_answers_with_the_page(
    rig: Rig, built: Path, path: str
) -> None:
    answer = await rig.client.get(path)
    assert (answer.status_code, answer.text) == (200, LOGGED_OUT)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"


async def test_the_page_says_whether_there_is_a_session_to_ask_for(rig: Rig, built: Path) -> None:
    tags = set()
    for cookie, page in (
        ("tuyen_access=x", PAGE),
        ("tuyen_refresh=x", PAGE),
        ("theme=dark; tuyen_access=", LOGGED_OUT),
    ):
        answer = await rig.client.get("/inbox", headers={"Cookie": cookie})
        assert answer.text == page
        assert answer.headers["Vary"] == "Accept-Encoding, Cookie"
        tags.add(answer.headers["ETag"])
    assert len(tags) == 2


async def test_the_page_says_whether_one_can_log_in_at_a_provider(
    log: InMemoryLog, clock: ManualClock, built: Path
) -> None:
    provider: dict[str, Any] = {
        "openid_issuer": "https://id.example",
        "openid_client_id": "tuyen",
        "openid_redirect_uris": "https://inbox.example/login",
        "openid_organization": "shop",
    }
    async with running(log, clock, **provider) as rig:
        out = await rig.client.get("/login")
        inside = await rig.client.get("/login", headers={"Cookie": "tuyen_access=x"})
    assert out.text == PAGE.replace("<html>", '<html data-session="none" data-openid>')
    assert inside.text == PAGE.replace("<html>", "<html data-openid>")


async def test_the_policy_allows_nothing_but_the_gateway(rig: Rig, built: Path) -> None:
    for path in ("/", "/inbox/msg_1", "/assets/main-3f2a.js", "/icon.svg"):
        headers = (await rig.client.get(path)).headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in POLICY
    assert "frame-ancestors 'none'" in POLICY
    assert "require-trusted-types-for 'script'" in POLICY
    assert not re.search(r"unsafe|data:|http|\*", POLICY)


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("br, gzip", "br"),
        ("gzip, deflate, br", "br"),
        ("gzip", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=0.0,gzip;q=0.5", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
async def test_a_file_is_sent_as_the_browser_takes_it(
    rig: Rig, built: Path, accepted: str, encoding: str | None
) -> None:
    request = rig.client.build_request("GET", "/assets/main-3f2a.js")
    request.headers["Accept-Encoding"] = accepted
    answer = await rig.client.send(request, stream=True)
    sent = b"".join([part async for part in answer.aiter_raw()])
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"
    expected = {"br": b"as brotli", None: SCRIPT.encode()}
    assert (gzip.decompress(sent) if encoding == "gzip" else sent) == expected.get(
        encoding, SCRIPT.encode()
    )


async def test_what_a_browser_has_is_not_sent_again(rig: Rig, built: Path) -> None:
    for path in ("/", "/assets/main-3f2a.js", "/icon.svg"):
        tag = (await rig.client.get(path)).headers["ETag"]
        answer = await rig.client.get(path, headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["ETag"] == tag


async def test_a_new_build_is_shown_at_once(rig: Rig, built: Path) -> None:
    before = (await rig.client.get("/")).headers["ETag"]
    (built / "index.html").write_text(PAGE + "<p>")
    os.utime(built / "index.html", (0, 0))  # a clock may be too coarse for two builds in a test
    answer = await rig.client.get("/", headers={"If-None-Match": before})
    assert answer.text == LOGGED_OUT + "<p>"


async def test_without_a_build_the_page_says_how_to_make_it(rig: Rig, folder: Path) -> None:
    for path in ("/", "/inbox/msg_1"):
        answer = await rig.client.get(path)
        assert answer.status_code == 503
        assert "`make console`" in answer.text
    assert (await rig.client.get("/assets/main-3f2a.js")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/..%2findex.html",
        "/assets/%2e%2e/settings.py",
        "/assets/",
        "/index.html",
        "/settings.py",
        "/nowhere",
        "/v1/nowhere",
        "/livechat/app_none/widget.js",
        "/livechat/app_none/departments",
        "/livechat/files/none",
        "/livechat/app_none/elsewhere",
    ],
)
async def test_nothing_else_is_the_console(rig: Rig, built: Path, path: str) -> None:
    answer = await rig.client.get(path)
    assert answer.status_code in (404, 422)
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_the_console_hides_no_route(rig: Rig, built: Path) -> None:
    for path in ("/docs", "/openapi.json", "/livez", "/readyz"):
        answer = await rig.client.get(path)
        assert (answer.status_code, answer.text == LOGGED_OUT) == (200, False)
    described = (await rig.client.get("/openapi.json")).json()["paths"]
    for path in described:
        answer = await rig.client.get(re.sub(r"\{\w+\}", "none", path))
        assert answer.text != LOGGED_OUT, path
    assert not [path for path in described if not path.startswith(("/v1/", "/livechat/"))]
    assert (await rig.client.post("/inbox")).status_code == 405
