"""What an agent waits for in the console, in a real browser on the whole running stack.

The organization has 10,000 open conversations, written into the views directly. Where it says so
the browser's processor is throttled four times. Times end when a frame with the result is drawn;
they are taken in the page, by the clock that all processes here share. The browser draws without a
graphics processor, on the same cores as the stack.
"""

import asyncio
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from playwright.async_api import Browser, Page, StorageState, async_playwright, expect

from bench.people import name_of
from bench.report import Bar, Row, median_of
from support.browsers import find_chromium
from support.shop import PASSWORD, Shop, eventually
from tuyen_events.ids import CustomerId, MessageId, OrganizationId, PageId, message_thread_id
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import LastMessage, RowCustomer
from tuyen_gateway.projections.counters import write_rows
from tuyen_local.console import ConsoleTree, build_console
from tuyen_local.stack import Stack
from tuyen_platform.mongodb import connect
from tuyen_platform.text import fold_accents

CONVERSATIONS = 10_000
THROTTLED = 4
LOGINS = 5
ASKED = 20
SCROLLED_S = 10
COMMENTS_A_SECOND = 50
LIVE_S = 30
_PATIENCE_S = 180.0
_MS = 1_000
_POST = "555"

_HELPERS = """
globalThis.bench = {
  rows: () => document.querySelectorAll('[aria-label="Hội thoại"] > [role=listitem]'),
  /** The time at which a frame with `found` was drawn. */
  drawn: (found) => new Promise((done) => {
    const look = () => requestAnimationFrame(found() ? () => done(performance.now()) : look);
    look();
  }),
};
bench.form = bench.drawn(() => document.querySelector('form button[type=submit]'));
bench.opened = bench.drawn(() => bench.rows().length > 0);
"""

_LOG_IN = """async () => {
  const begun = performance.now();
  document.querySelector('form button[type=submit]').click();
  return await bench.drawn(() => bench.rows().length > 0) - begun;
}"""

_SCROLL = """async ([seconds, step]) => {
  const scroller = bench.rows()[0].closest('[role=list]').parentElement;
  const begun = performance.now();
  const frames = Array(seconds).fill(0);
  let most = 0;
  for (;;) {
    const now = await new Promise(requestAnimationFrame);
    const second = Math.floor((now - begun) / 1000);
    if (second >= seconds) return [frames, most];
    if (second >= 0) frames[second]++;
    most = Math.max(most, document.querySelectorAll('[role=listitem]').length);
    scroller.scrollTop += step;
  }
}"""

_LOAD_MORE = """() => {
  const row = bench.rows()[0];
  const scroller = row.closest('[role=list]').parentElement;
  scroller.scrollTop = scroller.scrollHeight;
  return Number(row.getAttribute('aria-setsize'));
}"""

_SHOW = """async (text) => {
  await bench.drawn(() => [...bench.rows()].some((row) => row.textContent.includes(text)));
  return Date.now();
}"""

_WATCH_REPLY = """(text) => {
  bench.sent = new Promise((done) => {
    addEventListener('keydown', async ({timeStamp}) => {
      const is = ({textContent: it}) => it.includes(text) && it.includes('Đang gửi');
      const at = await bench.drawn(() => [...document.querySelectorAll('article')].some(is));
      done(at - timeStamp);
    }, {capture: true, once: true});
  });
}"""

_WATCH_LANE = """() => {
  bench.seen = {};
  bench.frames = 0;
  const look = () => {
    bench.frames++;
    for (const row of document.querySelectorAll('[aria-label="Tất cả"] [role=listitem]')) {
      const number = /Khách (\\d+)\\./.exec(row.textContent)?.[1];
      if (number) bench.seen[number] ??= Date.now();
    }
    requestAnimationFrame(look);
  };
  look();
}"""


async def measure(kafka: str) -> list[Row]:
    """One stack and one browser; the rows of each part."""
    expect.set_options(timeout=_PATIENCE_S * _MS)
    tree = ConsoleTree()
    if not tree.is_fresh:
        await build_console(tree)
    with tempfile.TemporaryDirectory(prefix="tuyen-bench-") as name:
        stack = Stack.on_free_ports(
            Path(name),
            kafka=kafka,
            topic_prefix=f"bench{secrets.token_hex(3)}.",
            presence_lease_s=3600,
        )
        async with stack, _shop(stack) as shop, _browser() as browser:
            desk = _Desk(stack, shop, browser)
            return [
                *await desk.log_in(),
                *await desk.hear(),
                *await desk.reply(),
                *await desk.scroll(),
                *await desk.follow_livestream(),
            ]


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    chromium = await find_chromium()
    if chromium is None:
        raise RuntimeError("there is no Chromium on PATH")
    async with async_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage"]
        yield await playwright.chromium.launch(executable_path=chromium, args=arguments)


@asynccontextmanager
async def _shop(stack: Stack) -> AsyncIterator[Shop]:
    """A shop with as many conversations, and one customer who writes."""
    async with httpx.AsyncClient(
        base_url=stack.gateway_url, timeout=30, trust_env=False
    ) as gateway:
        shop = Shop(stack, gateway, "bench")
        await shop.open()
        await shop.admin.put(
            f"/v1/pages/{shop.page_id}",
            channel="facebook",
            external_id=shop.facebook.page,
            name="Trang bán hàng",
            credentials={"access_token": "a-token-of-the-benchmark"},
        )
        database = connect(stack.mongodb, stack.settings.database)
        if not await write_rows(database, {}, _rows(shop)):
            raise RuntimeError("the conversations could not be written")
        await shop.facebook.write("khach")
        await shop.row("khach")
        yield shop
        await shop.close()


def _rows(shop: Shop) -> Iterator[InboxRow]:
    """Conversations that nobody has, the newest an hour old."""
    begun = datetime.now(UTC) - timedelta(hours=1)
    for number in range(CONVERSATIONS):
        at, name = begun - timedelta(minutes=number), name_of(number)
        customer = CustomerId(f"cus_{number:024}")
        shown = RowCustomer(id=customer, external_id=f"psid-{number}", name=name, picture=None)
        text = f"Shop ơi, mẫu số {number} còn size M không?"
        last = LastMessage(at=at, accepted_at=at, id=MessageId(f"msg_{number:024}"), text=text)
        yield InboxRow(
            id=message_thread_id(customer),
            organization=OrganizationId(shop.id),
            page_id=PageId(shop.page_id),
            channel=Channel.FACEBOOK,
            kind=ConversationKind.MESSAGE,
            external_id=shown.external_id,
            customer=shown,
            name_folded=fold_accents(name),
            inbound_events=3,
            live_events=3,
            counted={"7": number},
            updated_at=at,
            active_at=at,
            first_inbound_at=at,
            last_inbound_at=at,
            last=last,
            version=0,
        )


@dataclass(slots=True)
class _Desk:
    stack: Stack
    shop: Shop
    browser: Browser

    async def log_in(self) -> list[Row]:
        """Each time in a profile of its own, so nothing is in any cache."""
        forms, logins, returns = [], [], []
        for _ in range(LOGINS):
            async with self._page(throttled=True) as page:
                await page.goto("/login")
                forms.append(await page.evaluate("() => bench.form"))
                await self._fill_in(page)
                logins.append(await page.evaluate(_LOG_IN))
                session = await page.context.storage_state()
            async with self._page(throttled=True, session=session) as page:
                await page.goto("/inbox")
                returns.append(await page.evaluate("() => bench.opened"))
        bar = Bar(most=2.5 * _MS)
        return [
            median_of("console, address to the login's form, throttled", "ms", forms),
            median_of("console, login to the first row, throttled", "ms", logins, bar),
            median_of("console, address to the first row, throttled", "ms", returns, bar),
        ]

    async def hear(self) -> list[Row]:
        """One message after the other."""
        waits = []
        async with self._inbox() as page:
            for number in range(ASKED):
                text = f"Tin mới số {number}."
                shown = asyncio.ensure_future(page.evaluate(_SHOW, text))
                sent = time.time()
                await self.shop.facebook.write("khach", text=text)
                waits.append(await shown - sent * _MS)
        return _median_and_slowest("console, webhook to the row", waits, Bar(most=1_000))

    async def reply(self) -> list[Row]:
        waits = []
        row = await self.shop.row("khach")
        async with self._inbox(f"/inbox/{row['id']}", throttled=True) as page:
            field = page.get_by_label("Trả lời", exact=True)
            for number in range(ASKED):
                text = f"Dạ còn ạ, số {number}."
                await field.fill(text)
                await page.evaluate(_WATCH_REPLY, text)
                await field.press("Enter")
                waits.append(await page.evaluate("() => bench.sent"))
                sent = page.get_by_role("article").filter(has_text=text).last
                await expect(sent).to_contain_text("Đã gửi")
        what = 'console, Enter to "Đang gửi", throttled'
        return _median_and_slowest(what, waits, Bar(most=100))

    async def scroll(self) -> list[Row]:
        """A third of a screen in each frame, after all rows were loaded."""
        rows = []
        async with self._inbox() as page, asyncio.timeout(_PATIENCE_S):
            begun = time.monotonic()
            while await page.evaluate(_LOAD_MORE) <= CONVERSATIONS:  # noqa: ASYNC110 - polled
                await asyncio.sleep(0)
            loaded = time.monotonic() - begun
            for rate in (1, THROTTLED):
                await _throttle(page, rate)
                frames, most = await page.evaluate(_SCROLL, [SCROLLED_S, -200])
                what = f"console, {CONVERSATIONS:,} rows"
                throttled = ", throttled" if rate > 1 else ""
                bar = None if rate > 1 else Bar(least=50)
                rows += [
                    median_of(f"{what}, scrolled{throttled}", "frames/s", frames, bar),
                    median_of(f"{what}, listitems{throttled}", "", [most], Bar(most=99)),
                ]
        return [median_of("console, 10,000 rows loaded by scrolling", "s", [loaded]), *rows]

    async def follow_livestream(self) -> list[Row]:
        """Each comment is a webhook of its own, of another customer."""
        facebook = self.shop.facebook
        await facebook.send(facebook.video(_POST, "777"), facebook.live("777"))
        await self._comment(0)
        await eventually(self._is_listed, lambda: "no livestream is listed")
        sent: dict[str, float] = {}
        count = COMMENTS_A_SECOND * LIVE_S
        async with self._inbox("/live", rows="Tất cả", throttled=True) as page:
            await page.evaluate(_WATCH_LANE)
            begun = time.monotonic()
            async with asyncio.TaskGroup() as tasks:
                for number in range(1, count + 1):
                    wait = begun + number / COMMENTS_A_SECOND - time.monotonic()
                    await asyncio.sleep(max(0.0, wait))
                    sent[str(number)] = time.time() * _MS
                    tasks.create_task(self._comment(number))
            took = time.monotonic() - begun
            frames = await page.evaluate("() => bench.frames")
            heading = page.get_by_role("heading", name="Tất cả")
            await expect(heading).to_contain_text(f"{count + 1:,}".replace(",", "."))
            seen = await page.evaluate("() => bench.seen")
        lags = [at - sent[number] for number, at in seen.items() if number in sent]
        cuts = statistics.quantiles(lags, n=100)
        what = f"console, live lane at {COMMENTS_A_SECOND} comments/s, throttled"
        return [
            Row(figure=f"{what}, webhook to the row, p50", unit="ms", value=cuts[49]),
            Row(
                figure=f"{what}, webhook to the row, p99",
                unit="ms",
                value=cuts[98],
                bar=Bar(most=1_000),
            ),
            median_of(f"{what}, drawn", "% of comments", [len(lags) / count * 100]),
            median_of(what, "frames/s", [frames / took]),
            median_of(f"{what}, sent", "comments/s", [count / took]),
        ]

    async def _is_listed(self) -> bool:
        posts = await self.shop.admin.get("/v1/posts")
        return any(post["kind"] == "livestream" for post in posts["items"])

    async def _comment(self, number: int) -> None:
        facebook = self.shop.facebook
        comment = facebook.comment(
            f"khach-{number}",
            f"{_POST}_{number}",
            post=_POST,
            text=f"A{number % 40} xanh M",
            name=f"Khách {number}.",
            video=True,
        )
        answer = await facebook.send(comment)
        answer.raise_for_status()

    @asynccontextmanager
    async def _page(
        self, *, throttled: bool, session: StorageState | None = None
    ) -> AsyncIterator[Page]:
        context = await self.browser.new_context(
            base_url=self.stack.gateway_url,
            viewport={"width": 1280, "height": 800},
            locale="vi-VN",
            storage_state=session,
        )
        await context.add_init_script(_HELPERS)
        page = await context.new_page()
        if throttled:
            await _throttle(page, THROTTLED)
        yield page
        await context.close()

    @asynccontextmanager
    async def _inbox(
        self, address: str = "/inbox", *, rows: str = "Hội thoại", throttled: bool = False
    ) -> AsyncIterator[Page]:
        """Logged in, with the list of this name."""
        async with self._page(throttled=False) as page:
            await page.goto("/login")
            await self._fill_in(page)
            await page.evaluate(_LOG_IN)
            await page.goto(address)
            await expect(page.get_by_role("list", name=rows)).to_be_visible()
            if throttled:
                await _throttle(page, THROTTLED)
            yield page

    async def _fill_in(self, page: Page) -> None:
        await page.get_by_label("Tổ chức").fill(self.shop.id)
        await page.get_by_label("Tên đăng nhập").fill("admin")
        await page.get_by_label("Mật khẩu").fill(PASSWORD)


async def _throttle(page: Page, rate: int) -> None:
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": rate})


def _median_and_slowest(figure: str, waits: list[float], bar: Bar) -> list[Row]:
    runs = len(waits)
    return [
        Row(figure=f"{figure}, median", unit="ms", value=statistics.median(waits), runs=runs),
        Row(figure=f"{figure}, slowest", unit="ms", value=max(waits), runs=runs, bar=bar),
    ]
