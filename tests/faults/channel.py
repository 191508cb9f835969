"""Facebook as the outside: signed webhooks, delivered again until they are taken."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import httpx

from faults.journal import Journal
from faults.odd import odd_body
from faults.tenants import TENANTS, WANDERER, WANDERERS_ID, Json
from support import facebook, livechat
from tuyen_events.ids import (
    ConversationId,
    OrganizationId,
    PageId,
    comment_thread_id,
    customer_id,
    livestream_thread_id,
    message_thread_id,
)

_FIRST_MS = 1_790_000_000_000
_FACEBOOK = "/webhooks/facebook"
_ANSWER_WITHIN_S = 6.0
_AGAIN_AFTER_S = (0.3, 0.6, 1.0, 2.0)
_OK, _UNAUTHORIZED, _OUR_MISTAKE = 200, 401, 500
_SETTLED_S = 15.0
"""After so long every copy of the directory knows whose page it is, whatever cut it off."""


class Acceptance(StrEnum):
    """What the channel knows of something that it sent."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """Never answered `200`, or for a page that was nobody's, and yet it may have been taken."""
    REPEATED = "repeated"
    """Delivered several times while its page moved, because the first answers were not `200`: each
    organization may have taken what came while it had the page."""
    ODD = "odd"
    """Answered `200`, and shown or sent to the dead letters."""


@dataclass(slots=True)
class Sent:
    """One message or comment of a customer."""

    external_id: str
    conversations: frozenset[ConversationId]
    """Where it may stand: a live comment that comes before its broadcast is an ordinary one."""
    acceptance: Acceptance = Acceptance.UNKNOWN


@dataclass(slots=True)
class Connected:
    """What the channels know of an installation: which site signs how, and whose the page is that
    goes from one organization to another."""

    sites: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By page: the app's id and its token."""
    holder: str | None = None
    """The organization that has the page for certain; None while it is being moved."""
    since: float = float("-inf")

    def moved(self, holder: str | None) -> None:
        self.holder, self.since = holder, time.monotonic()

    def whose(self, since: float) -> Sequence[str]:
        """Those who may have got what was sent to the page from `since` until now."""
        settled = self.holder is not None and self.since < since - _SETTLED_S
        return [self.holder] if settled and self.holder is not None else [*TENANTS]

    def certain(self, since: float) -> bool:
        """Whether somebody had it all the time from `since` until now."""
        return self.holder is not None and self.since < since


class Channel:
    """Sends webhooks, and remembers what became of everything in them."""

    def __init__(
        self, ingest_url: str, secret: str, connected: Connected, journal: Journal
    ) -> None:
        self._ingest = httpx.AsyncClient(
            base_url=ingest_url, timeout=_ANSWER_WITHIN_S, trust_env=False
        )
        self._secret = secret
        self._connected = connected
        self._journal = journal
        self.sent: dict[str, Sent] = {}
        self.mistakes: list[str] = []
        """What was answered with a mistake of ours."""

    async def close(self) -> None:
        await self._ingest.aclose()

    async def deliver(self, webhook: Json) -> None:
        """Returns once it was answered `200`, or refused for good, and came twice if it is to."""
        said = [each for each in webhook["said"] if each["kind"] != "broadcast"]
        for each in said:
            self.sent[each["id"]] = _make_sent(each, [each["tenant"]])
        request = self._request(webhook["said"], forged=webhook.get("forged", False))
        await asyncio.sleep(webhook["delay_s"])
        first = time.monotonic()
        status, tries = await self._until_taken(request)
        acceptance = Acceptance.ACCEPTED if status == _OK else Acceptance.REFUSED
        for each in said:
            self.sent[each["id"]].acceptance = acceptance
            if each["kind"] == "wander":
                self.sent[each["id"]] = self._wandered(each, first, tries)
        if webhook["again_s"] is not None:
            await asyncio.sleep(webhook["again_s"])
            await self._post(request)
        self._journal.note(
            "webhook", ids=[each["id"] for each in said], acceptance=acceptance, tries=tries
        )

    async def odd(self, given: Json) -> None:
        """A body with something invalid in it; the rest of the body must be accepted."""
        odd, beside = given["odd"], given["beside"]
        body = odd_body(given["which"], odd, beside)
        self.sent[odd["id"]] = _make_sent(odd, [odd["tenant"]])
        if body.site is None:
            self.sent[beside["id"]] = _make_sent(beside, [beside["tenant"]])
            request = _Request(_FACEBOOK, body.raw, facebook.sign(body.raw, self._secret))
        else:
            self.sent[odd["id"]] = _make_sent({**odd, "page": body.site}, [odd["tenant"]])
            request = self._sign(body.site, body.raw)
        status, tries = await self._until_taken(request)
        self.sent[odd["id"]].acceptance = Acceptance.ODD
        if body.site is None and status == _OK:
            self.sent[beside["id"]].acceptance = Acceptance.ACCEPTED
        self._journal.note("odd", which=given["which"], id=odd["id"], status=status, tries=tries)

    def _request(self, said: Sequence[Json], *, forged: bool) -> "_Request":
        """What was said as one call of its channel, signed as the channel does."""
        if said[0]["kind"] == "visit":
            return self._sign(said[0]["page"], _visit(said[0]))
        body = facebook.body(*(entry for each in said for entry in _entries(each)))
        secret = "not-the-secret" if forged else self._secret
        return _Request(_FACEBOOK, body, facebook.sign(body, secret))

    def _sign(self, site: str, raw: bytes) -> "_Request":
        app_id, token = self._connected.sites[site]
        return _Request(f"/webhooks/livechat/{app_id}", raw, livechat.sign(raw, token))

    def _wandered(self, said: Json, first: float, tries: int) -> Sent:
        """In one organization, if one had the page all the while; perhaps nowhere otherwise."""
        sent = _make_sent(said, self._connected.whose(first))
        if self._connected.certain(first):
            sent.acceptance = Acceptance.ACCEPTED
        else:
            sent.acceptance = Acceptance.UNKNOWN if tries == 1 else Acceptance.REPEATED
        return sent

    async def _until_taken(self, request: "_Request") -> tuple[int, int]:
        """The status by which it was taken, refused for good, or called a mistake; the tries."""
        tries = 1
        while (status := await self._post(request)) not in (_OK, _UNAUTHORIZED, _OUR_MISTAKE):
            await asyncio.sleep(_AGAIN_AFTER_S[min(tries, len(_AGAIN_AFTER_S)) - 1])
            tries += 1
        if status == _OUR_MISTAKE:
            self.mistakes.append(f"{request.path}: {request.body[:200]!r}")
        return status or 0, tries

    async def _post(self, request: "_Request") -> int | None:
        """The status, or None when there was no answer."""
        try:
            answer = await self._ingest.post(
                request.path, content=request.body, headers=request.headers
            )
        except httpx.TransportError:
            return None
        return answer.status_code


@dataclass(frozen=True, slots=True)
class _Request:
    path: str
    body: bytes
    headers: Mapping[str, str]


def _visit(said: Json) -> bytes:
    return livechat.body(
        said["id"],
        timestamp=None,
        visitor={"id": said["customer"]},
        message={"text": f"tin {said['id']}", "attachments": []},
        department=said["department"],
        region=None,
        page_url=None,
    )


def _entries(said: Json) -> list[facebook.Update]:
    """What was said in Facebook's words: entries of a body."""
    page = _page_of(said)
    at = _FIRST_MS + said["ms"]
    live_post, video = f"{page}_7000", f"{page}8"
    about: Json = {"from": {"id": said["customer"], "name": f"Khách {said['customer']}"}}
    match said["kind"]:
        case "message" | "wander":
            message = facebook.message(said["id"], f"tin {said['id']}", said["customer"], page)
            return [facebook.entry(messaging=[message | {"timestamp": at}], page=page, at=at)]
        case "broadcast":
            changes = [facebook.video(live_post, video), facebook.live_video(video, "live")]
            changes[0]["value"]["from"] = {"id": page}
        case "live":
            about["created_time"] = at // 1000
            changes = [facebook.live_comment(said["id"], live_post, **about)]
        case _:
            post = f"{page}_5000"
            about |= {"post_id": post, "created_time": at // 1000}
            about["parent_id"] = said.get("parent", post)
            changes = [facebook.comment(said["id"], **about)]
    return [facebook.entry(changes=changes, page=page, at=at)]


def _page_of(said: Json) -> str:
    """The page's id at Facebook."""
    wanders = said["kind"] == "wander"
    return WANDERERS_ID if wanders else TENANTS[said["tenant"]].pages[said["page"]]


def _make_sent(said: Json, organizations: Sequence[str]) -> Sent:
    threads = {thread for each in organizations for thread in _threads(said, OrganizationId(each))}
    return Sent(said["id"], frozenset(threads))


def _threads(said: Json, organization: OrganizationId) -> set[ConversationId]:
    page = PageId(WANDERER if said["kind"] == "wander" else said["page"])
    customer = customer_id(organization, page, said["customer"])
    match said["kind"]:
        case "message" | "visit" | "wander":
            return {message_thread_id(customer)}
        case "live":
            return {
                livestream_thread_id(customer, f"{_page_of(said)}_7000"),
                comment_thread_id(organization, page, said["id"]),
            }
        case _:
            root = str(said.get("parent", said["id"]))
            return {comment_thread_id(organization, page, root)}
