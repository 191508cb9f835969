"""Facebook as the outside: signed webhooks, delivered again until they are taken."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import httpx

from faults.journal import Journal
from faults.plan import TENANTS, Json
from support import facebook
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
_ANSWER_WITHIN_S = 6.0
_AGAIN_AFTER_S = (0.3, 0.6, 1.0, 2.0)
_OK, _UNAUTHORIZED = 200, 401


class Fate(StrEnum):
    """What the channel knows of something that it sent."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """Never answered `200`, and yet it may have been taken."""


@dataclass(slots=True)
class Sent:
    """One message or comment of a customer."""

    organization: str
    page: str
    external_id: str
    conversations: frozenset[ConversationId]
    """Where it may stand: a live comment that comes before its broadcast is an ordinary one."""
    fate: Fate = Fate.UNKNOWN


class Channel:
    """Sends webhooks, and remembers what became of everything in them."""

    def __init__(self, ingest_url: str, secret: str, journal: Journal) -> None:
        self._ingest = httpx.AsyncClient(
            base_url=ingest_url, timeout=_ANSWER_WITHIN_S, trust_env=False
        )
        self._secret = secret
        self._journal = journal
        self.sent: dict[str, Sent] = {}

    async def close(self) -> None:
        await self._ingest.aclose()

    async def deliver(self, webhook: Json) -> None:
        """Returns once it was answered `200`, or refused for good, and came twice if it is to."""
        said = [each for each in webhook["said"] if each["kind"] != "broadcast"]
        for each in said:
            self.sent[each["id"]] = _sent(each)
        body = facebook.body(*(entry for each in webhook["said"] for entry in _entries(each)))
        forged = webhook.get("forged", False)
        headers = facebook.signed(body, "not-the-secret" if forged else self._secret)
        await asyncio.sleep(webhook["delay_s"])
        tries = 0
        while (status := await self._post(body, headers)) not in (_OK, _UNAUTHORIZED):
            await asyncio.sleep(_AGAIN_AFTER_S[min(tries, len(_AGAIN_AFTER_S) - 1)])
            tries += 1
        fate = Fate.ACCEPTED if status == _OK else Fate.REFUSED
        for each in said:
            self.sent[each["id"]].fate = fate
        if webhook["again_s"] is not None:
            await asyncio.sleep(webhook["again_s"])
            await self._post(body, headers)
        self._journal.note("webhook", ids=[each["id"] for each in said], fate=fate, tries=tries + 1)

    async def _post(self, body: bytes, headers: Mapping[str, str]) -> int | None:
        """The status, or None when there was no answer."""
        try:
            answer = await self._ingest.post("/webhooks/facebook", content=body, headers=headers)
        except httpx.TransportError:
            return None
        return answer.status_code


def _entries(said: Json) -> list[facebook.Update]:
    """What was said in Facebook's words: entries of a body."""
    page = TENANTS[said["tenant"]].pages[said["page"]]
    at = _FIRST_MS + said["ms"]
    live_post, video = f"{page}_7000", f"{page}8"
    about: Json = {"from": {"id": said["customer"], "name": f"Khách {said['customer']}"}}
    match said["kind"]:
        case "message":
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


def _sent(said: Json) -> Sent:
    organization, page = OrganizationId(said["tenant"]), PageId(said["page"])
    customer = customer_id(organization, page, said["customer"])
    external_page = TENANTS[organization].pages[page]
    match said["kind"]:
        case "message":
            threads = {message_thread_id(customer)}
        case "live":
            threads = {
                livestream_thread_id(customer, f"{external_page}_7000"),
                comment_thread_id(organization, page, said["id"]),
            }
        case _:
            root = str(said.get("parent", said["id"]))
            threads = {comment_thread_id(organization, page, root)}
    return Sent(organization, page, said["id"], frozenset(threads))
