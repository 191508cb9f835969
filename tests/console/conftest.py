"""A real browser on the one running stack. What a page does that it may not fails its test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from support.browsers import OpenConsole, OpenPage, OpenSite, Watch, find_chromium, in_ci
from tuyen_local.console import ConsoleTree, build_console, has_node
from tuyen_local.stack import DOUBLES, Stack

expect.set_options(timeout=60_000)  # in milliseconds: a machine may be slow


@pytest.fixture(scope="session")
async def built_console() -> None:
    """The console as its sources are now."""
    tree = ConsoleTree()
    if tree.is_fresh:
        return
    if not await has_node():
        _lack("Node, to build the console")
    await build_console(tree)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = await find_chromium()
    if chromium is None:
        _lack("Chromium")
    async with async_playwright() as playwright:
        # The browser's own sandbox does not run as root; the pages are ours.
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        yield await playwright.chromium.launch(executable_path=chromium, args=arguments)


def _lack(what: str) -> None:
    """Elsewhere than in continuous integration, what a machine lacks fails no test."""
    (pytest.fail if in_ci() else pytest.skip)(f"there is no {what} on PATH")


@pytest.fixture
async def open_console(
    stack: Stack, browser: Browser, built_console: None
) -> AsyncIterator[OpenConsole]:
    watch = Watch(stack.gateway_url, visits=stack.url(DOUBLES))
    async with _watched(browser, watch, stack.gateway_url) as opening:
        yield opening


@pytest.fixture
async def open_site(stack: Stack, browser: Browser) -> AsyncIterator[OpenSite]:
    """Opens pages of the shop's own site, which has the widget."""
    site = stack.url(DOUBLES)
    async with _watched(browser, Watch(site, stack.ingest_url), site) as opening:
        yield opening


@asynccontextmanager
async def _watched(browser: Browser, watch: Watch, home: str) -> AsyncIterator[OpenPage]:
    """Opens pages of `home`, and fails if they did what they may not."""
    contexts: list[BrowserContext] = []

    async def open_one(
        *, width: int = 1280, height: int = 800, dark: bool = False, scripted: bool = False
    ) -> Page:
        context = await browser.new_context(
            base_url=home,
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            locale="vi-VN",
            bypass_csp=scripted,
        )
        contexts.append(context)
        watch.follow(context)
        return await context.new_page()

    yield open_one
    for context in contexts:
        await context.close()
    assert not watch.faults, "\n".join(watch.faults)
