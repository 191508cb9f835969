"""`/docs` shows the API, and asks nobody else for anything."""

import re
from html.parser import HTMLParser

import pytest

from gateway.rig import Rig


class Page(HTMLParser):
    """What a page makes a browser fetch, and what of it a strict policy forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.inline: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within = tag
        for name, value in attrs:
            if name in ("src", "href"):
                self.fetched.append(value or "")
            if name.startswith("on") or name == "style":
                self.inline.append(name)

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within in ("script", "style") and data.strip():
            self.inline.append(data)


def policy_of(headers: str) -> dict[str, list[str]]:
    parts = [part.split() for part in headers.split(";")]
    return {part[0]: part[1:] for part in parts}


async def test_the_page_fetches_from_the_gateway_alone(rig: Rig) -> None:
    answer = await rig.client.get("/docs")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    page = Page()
    page.feed(answer.text)
    assert page.inline == []
    assert len(page.fetched) == 4
    for address in page.fetched:
        assert not re.match(r"[a-z]*:?//", address)
        part = await rig.client.get(f"/{address}")
        assert part.status_code == 200, address
        assert len(part.content) > 50
        assert part.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_policy_lets_a_browser_ask_nobody_else(rig: Rig) -> None:
    for path in ("/docs", "/docs/start.js", "/docs/swagger-ui.css"):
        policy = policy_of((await rig.client.get(path)).headers["Content-Security-Policy"])
        assert policy["default-src"] == ["'none'"]
        assert policy["script-src"] == policy["connect-src"] == ["'self'"]
        sources = {source for allowed in policy.values() for source in allowed}
        assert sources <= {"'none'", "'self'", "'unsafe-inline'", "data:"}
        assert "'unsafe-inline'" not in policy["script-src"]


async def test_the_viewers_styles_name_no_other_site(rig: Rig) -> None:
    styles = (await rig.client.get("/docs/swagger-ui.css")).text
    assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", styles)


async def test_the_viewer_shows_our_description_and_asks_no_validator(rig: Rig) -> None:
    start = (await rig.client.get("/docs/start.js")).text
    assert 'url: "openapi.json"' in start
    assert "validatorUrl: null" in start
    assert (await rig.client.get("/openapi.json")).status_code == 200


@pytest.mark.parametrize("name", ["redoc.standalone.js", "..%2f__init__.py", "x", "%2e%2e"])
async def test_nothing_else_of_the_package_is_served(rig: Rig, name: str) -> None:
    assert (await rig.client.get(f"/docs/{name}")).status_code == 404
