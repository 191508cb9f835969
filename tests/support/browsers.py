"""A browser on the console: what its pages may not do, and what people do on each of them."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable
from typing import Any

from playwright.async_api import BrowserContext, ConsoleMessage, Page, Request, Response

from support.shop import PASSWORD, Shop
from tuyen_local.console import ConsoleTree

OpenPage = Callable[..., Awaitable[Page]]
"""Opens a page in a browser profile of its own: `await open_console(width=375, dark=True)`.
With `scripted` the page may run what a test brings, in spite of its policy."""

OpenConsole = OpenPage
OpenSite = OpenPage

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_REFUSED_BY_THE_SERVER = "Failed to load resource"
"""Chromium says so of every answer from 400 on, also of those that the page expects."""


def in_ci() -> bool:
    return bool(os.environ.get("CI"))


async def find_chromium() -> str | None:
    """The browser on PATH. In continuous integration it is installed where it is missing."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None and in_ci() and os.geteuid() == 0:
        await _install()
        found = shutil.which(_NAMES[0])
    return found


async def _install() -> None:
    for arguments in (["update"], ["install", "--yes", "--no-install-recommends", _NAMES[0]]):
        process = await asyncio.create_subprocess_exec("apt-get", "--quiet=2", *arguments)
        assert await process.wait() == 0, f"apt-get {arguments[0]} failed"


class Watch:
    """Lists what pages do that they may not: errors in the browser's log, which are also how it
    reports violations of the policy; exceptions; requests to anybody but those at `homes`; answers
    that are a mistake of theirs. People may go on to `visits`: to the channels, to log in there."""

    def __init__(self, *homes: str, visits: str | None = None) -> None:
        self._homes = tuple(f"{scheme}{home}/" for home in homes for scheme in ("", "blob:"))
        self._visits = visits
        self.faults: list[str] = []

    def follow(self, context: BrowserContext) -> None:
        context.on("console", self._read_line)
        context.on("weberror", lambda error: self.faults.append(str(error.error)))
        context.on("request", self._check_request)
        context.on("response", self._check_response)

    def _read_line(self, line: ConsoleMessage) -> None:
        if line.type == "error" and not line.text.startswith(_REFUSED_BY_THE_SERVER):
            self.faults.append(f"{line.text} ({line.page.url if line.page else 'no page'})")

    def _check_request(self, request: Request) -> None:
        goes = request.is_navigation_request()  # it may have no frame yet
        at = request.url if goes else request.frame.url
        if self._visits is not None and at.startswith(f"{self._visits}/"):
            return
        if not request.url.startswith(self._homes):
            self.faults.append(f"a request to {request.url}")

    def _check_response(self, response: Response) -> None:
        if response.status >= 500:
            self.faults.append(f"{response.status} of {response.url}")


async def log_in(page: Page, shop: Shop, username: str) -> None:
    """Logs in as somebody would: the fields are found by their names."""
    await page.goto("/login")
    await page.get_by_label("Tổ chức").fill(shop.id)
    await page.get_by_label("Tên đăng nhập").fill(username)
    await page.get_by_label("Mật khẩu").fill(PASSWORD)
    await page.get_by_role("button", name="Đăng nhập").click()


async def find_barriers(page: Page) -> list[str]:
    """What axe finds on the page that keeps people from using it, seriously or altogether. The page
    has to be `scripted`."""
    axe = ConsoleTree().sources / "node_modules/axe-core/axe.min.js"
    await page.add_script_tag(path=axe)
    found: dict[str, Any] = await page.evaluate(
        "() => axe.run(document, {resultTypes: ['violations']})"
    )
    return [
        f"{page.url}: {one['help']} ({one['id']}): {[node['html'] for node in one['nodes']][:3]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


async def read_traces(page: Page) -> str:
    """Everything that somebody who looks into the browser finds of what the page has shown."""
    return str(
        await page.evaluate(
            """async () => JSON.stringify([
                document.title,
                document.documentElement.outerHTML,
                [...document.querySelectorAll('input, textarea')].map(each => each.value),
                location.href,
                Object.entries(localStorage),
                Object.entries(sessionStorage),
                await indexedDB.databases(),
                await (globalThis.caches?.keys() ?? []),
            ])"""
        )
    )
