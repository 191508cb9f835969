"""Customers who write through the channel doubles, and agents who answer them there."""

import asyncio
import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import httpx

from faults.channel import Acceptance, Channel, Sent
from faults.doubles import Doubles
from faults.journal import Journal
from faults.people import People
from faults.tenants import ACCOUNTS, AGENTS, Account, Json
from support.shop import eventually
from tuyen_events.ids import (
    ConversationId,
    OrganizationId,
    PageId,
    comment_thread_id,
    customer_id,
    message_id,
    message_thread_id,
)

_ACCEPTED, _TOO_MANY, _STORED = 202, 429, 201
_AGAIN_AFTER_S = (0.5, 1.0, 2.0, 4.0)
_TEXT = "trả lời "
"""What the text of a reply begins with; its key is the rest."""
_EDITED = "sửa "
_PICTURE = b"\x89PNG\r\n\x1a\n"
_TRIED = 8
"""Of how many replies a state is asked for, to find one that can be sent again."""
_SECOND = "truong"
"""Who repeats an agent's call, with the same key."""
_PATIENCE_S = 300.0
_BY_PAGE = {account.page: account for account in ACCOUNTS}


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a customer wrote; `external_id` is the channel's id of it."""

    account: Account
    external_id: str
    conversation: ConversationId
    is_comment: bool


@dataclass(slots=True, kw_only=True)
class Reply:
    """What somebody answered, and which message that is by the gateway's answers. Times are the
    event loop's; `accepted_at` is that of the first answer which accepted it."""

    text: str
    asked_at: float
    accepted_at: float | None = None
    messages: set[str] = field(default_factory=set)
    spoken: Spoken | None = None
    more: Json = field(default_factory=dict)
    """What the request contains besides its text."""


@dataclass(frozen=True, slots=True)
class Held:
    """A reply on a page whose token was dead, and its state just before the page got another."""

    text: str
    state: str


class Replying:
    """Carries out these steps, and remembers what was answered."""

    def __init__(
        self, doubles: Doubles, people: People, channel: Channel, journal: Journal
    ) -> None:
        self._doubles, self._people = doubles, people
        self._channel, self._journal = channel, journal
        self.replies: dict[str, Reply] = {}
        """By their texts, of which no two are the same."""
        self.held: list[Held] = []
        self._spoken: dict[str, Spoken] = {}
        self._tokens: Counter[Account] = Counter()
        self._stopping: defaultdict[Account, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._numbers = itertools.count(1)

    async def open(self) -> None:
        """Connects the pages, each with a token of its own. Nothing is broken yet."""
        await asyncio.gather(*map(self.connect, ACCOUNTS))

    # What the history asks for.

    async def speak(self, given: Json) -> None:
        """A customer writes a message, or a comment below a post."""
        account, customer = _BY_PAGE[given["page"]], given["customer"]
        said = {"channel": account.channel, "account": account.external_id}
        said |= {"customer": customer, "name": f"Khách {customer}", "text": f"hỏi {given['name']}"}
        if given["post"] is not None:
            said["post"] = given["post"]
        came = await self._doubles.say(**said)
        organization, page = OrganizationId(account.tenant), PageId(account.page)
        thread = message_thread_id(customer_id(organization, page, customer))
        if given["post"] is not None:
            thread = comment_thread_id(organization, page, came["id"])
        acceptance = Acceptance.ACCEPTED if came["delivered"] else Acceptance.UNKNOWN
        self._channel.sent[came["id"]] = Sent(came["id"], frozenset({thread}), acceptance)
        spoken = Spoken(account, came["id"], thread, is_comment=given["post"] is not None)
        self._spoken[given["name"]] = spoken
        self._journal.note("speak", **given, id=came["id"], acceptance=acceptance)

    async def reply(self, given: Json) -> None:
        """One or several replies, each after the last one was accepted; `twice`: somebody else
        asks for the same one, with the same key, at the same time."""
        spoken = self._spoken.get(given["about"])
        if spoken is None or (spoken.account.tenant, given["by"]) in self._people.shut_out:
            return
        by = (given["by"], _SECOND) if given["twice"] else (given["by"],)
        more: Json = {"private": True} if given["private"] else {}
        if given["file"]:
            file = await self._upload(spoken, given)
            if file is None:
                return
            more = {"attachment_ids": [file]}
        for number in range(given["count"]):
            await self.answer(spoken, f"{given['name']}.{number}", by=by, more=more)

    async def retry(self, given: Json) -> None:
        """Sends a reply again that failed, or of which nobody can tell: the last one before what is
        given."""
        names = [*self.replies]
        about = f"{_TEXT}{given['about']}.0"
        until = names.index(about) + 1 if about in names else 0
        for name in reversed(names[max(0, until - _TRIED) : until]):
            reply = self.replies[name]
            spoken = reply.spoken
            if spoken is None or await self.find_state(spoken, reply) not in ("failed", "unknown"):
                continue
            message = min(reply.messages)
            path = f"/v1/conversations/{spoken.conversation}/messages/{message}/retry"
            answer = await self._people.who[spoken.account.tenant, given["by"]].ask("POST", path)
            came = None if answer is None else answer.status_code
            if came == _ACCEPTED:
                self._people.acknowledged["retry", message] = 1
            self._journal.note("retry", **given, message=message, came=came)
            return

    async def edit(self, given: Json) -> None:
        """Edits a comment of the page."""
        await self._change_comment(given, "edit", {"text": f"{_EDITED}{given['name']}"})

    async def delete(self, given: Json) -> None:
        """Deletes a comment of the page."""
        await self._change_comment(given, "delete")

    async def _change_comment(self, given: Json, action: str, body: Json | None = None) -> None:
        """Has no effect on one that was not sent."""
        reply = self.replies.get(f"{_TEXT}{given['about']}.0")
        if reply is None or reply.spoken is None or len(reply.messages) != 1:
            return
        (message,) = reply.messages
        method = "PATCH" if action == "edit" else "DELETE"
        person = self._people.who[reply.spoken.account.tenant, given["by"]]
        answer = await person.ask(method, f"/v1/comments/{message}", json=body)
        if answer is not None and answer.status_code == _ACCEPTED:
            self._people.acknowledged["action", message, action] += 1
        came = None if answer is None else answer.status_code
        self._journal.note(action, **given, message=message, came=came)

    async def act(self, given: Json) -> None:
        """Hides, shows or likes a comment, or no longer does."""
        spoken = self._spoken.get(given["about"])
        if spoken is None or (spoken.account.tenant, given["by"]) in self._people.shut_out:
            return
        account = spoken.account
        organization, page = OrganizationId(account.tenant), PageId(account.page)
        comment = message_id(organization, page, spoken.external_id)
        answer = await self._people.who[account.tenant, given["by"]].ask(
            "PATCH", f"/v1/comments/{comment}", json={given["field"]: given["on"]}
        )
        if answer is not None and answer.status_code == _ACCEPTED:
            self._people.acknowledged["action", comment, _ACTIONS[given["field"], given["on"]]] += 1
        came = None if answer is None else answer.status_code
        self._journal.note("act", **given, came=came)

    # What faults and the examination ask for.

    def last_spoken(
        self, *, channel: str | None = None, account: Account | None = None, comment: bool = False
    ) -> Spoken | None:
        """The last message, or comment, that a customer wrote there."""
        for spoken in reversed(self._spoken.values()):
            here = account in (None, spoken.account) and channel in (None, spoken.account.channel)
            if here and spoken.is_comment == comment:
                return spoken
        return None

    async def answer(
        self,
        spoken: Spoken,
        name: str | None = None,
        *,
        by: tuple[str, ...] = ("admin",),
        more: Json | None = None,
    ) -> Reply:
        """Answers, once for each of `by`, with one key. Returns when all of them have an answer,
        or have asked often enough."""
        key = name or f"x{next(self._numbers)}"
        reply = Reply(
            text=f"{_TEXT}{key}",
            asked_at=asyncio.get_running_loop().time(),
            spoken=spoken,
            more=more or {},
        )
        self.replies[reply.text] = reply
        came = await asyncio.gather(*(self._ask(spoken, reply, key, person) for person in by))
        self._journal.note(
            "reply", key=key, conversation=spoken.conversation, by=by, more=reply.more, came=came
        )
        return reply

    async def find_state(self, spoken: Spoken, reply: Reply) -> str | None:
        """The reply's state: the same call again answers the same reply."""
        answer = await self._call(spoken, reply, reply.text.removeprefix(_TEXT), "admin")
        if answer is None or answer.status_code != _ACCEPTED:
            return None
        return str(answer.json()["state"])

    async def revoke(self, account: Account) -> None:
        """The channel refuses the page's token from now on."""
        await self._doubles.revoke(account.channel, self._token(account))

    async def connect(self, account: Account) -> None:
        """Gives the page another token, and returns once it has it."""
        self._tokens[account] += 1
        credentials = {"access_token": self._token(account)}
        if account.refreshes:
            number = self._tokens[account]
            credentials["refresh_token"] = f"double-refresh-{account.external_id}-{number}"
        body: Json = {"channel": account.channel, "external_id": account.external_id}
        body |= {"name": account.page, "credentials": credentials}
        admin, path = self._people.who[account.tenant, "admin"], f"/v1/pages/{account.page}"
        came: list[int | None] = [None]

        async def is_connected() -> bool:
            here = [each["id"] for each in await admin.all("/v1/agents")]
            staff = [agent for agent in AGENTS if agent in here]
            answer = await admin.ask("PUT", path, json={**body, "staff": staff})
            came[0] = None if answer is None else answer.status_code
            return answer is not None and answer.is_success

        await eventually(is_connected, lambda: f"PUT {path}: {came[0]}", _PATIENCE_S)

    async def stop_for(self, account: Account, lasts_s: float) -> bool:
        """Lets a page's token die, answers somebody there, and connects the page again. False if
        nobody has written to the page yet."""
        async with self._stopping[account]:
            spoken = self.last_spoken(account=account)
            if spoken is None:
                return False
            await self.revoke(account)
            try:
                reply = await self.answer(spoken)
                await asyncio.sleep(lasts_s)
                state = await self.find_state(spoken, reply)
            finally:
                await self.connect(account)
            if state is not None and not account.refreshes:
                self.held.append(Held(reply.text, state))
        return True

    def _token(self, account: Account) -> str:
        prefix = "double-zalo" if account.channel == "zalo" else "double-facebook-page"
        return f"{prefix}-{account.external_id}-{self._tokens[account]}"

    async def _upload(self, spoken: Spoken, given: Json) -> str | None:
        """The id of a picture that was stored for a reply; None where it was not."""
        files = {"file": (f"{given['name']}.png", _PICTURE + given["name"].encode(), "image/png")}
        person = self._people.who[spoken.account.tenant, given["by"]]
        answer = await person.ask("POST", "/v1/attachments", files=files)
        if answer is None or answer.status_code != _STORED:
            return None
        return str(answer.json()["id"])

    async def _ask(self, spoken: Spoken, reply: Reply, key: str, by: str) -> int | None:
        """The last status. What is not answered, or cannot be done now, is asked again: that is
        safe with the same key."""
        answer = None
        for wait_s in _AGAIN_AFTER_S:
            answer = await self._call(spoken, reply, key, by)
            if answer is not None and answer.status_code not in (_TOO_MANY, *range(500, 600)):
                break
            await asyncio.sleep(wait_s)
        return None if answer is None else answer.status_code

    async def _call(self, spoken: Spoken, reply: Reply, key: str, by: str) -> httpx.Response | None:
        answer = await self._people.who[spoken.account.tenant, by].ask(
            "POST",
            f"/v1/conversations/{spoken.conversation}/messages",
            json={"text": reply.text, **reply.more},
            headers={"Idempotency-Key": key},
        )
        if answer is not None and answer.status_code == _ACCEPTED:
            message = answer.json()["id"]
            reply.messages.add(message)
            self._people.acknowledged["reply", message] = 1
            if reply.accepted_at is None:
                reply.accepted_at = asyncio.get_running_loop().time()
        return answer


_ACTIONS = {
    ("hidden", True): "hide",
    ("hidden", False): "unhide",
    ("liked", True): "like",
    ("liked", False): "unlike",
}
