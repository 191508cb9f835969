"""A shop as the outside sees it: signed webhooks in, the gateway's HTTP API, and nothing else."""

import asyncio
import hashlib
import hmac
import itertools
import json
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import httpx

from tuyen_local.stack import Stack

Json = dict[str, Any]

_PATIENCE_S = 30.0
_POLL_S = 0.05
_PASSWORD = "mat-khau-du-dai-1"
_numbers = itertools.count(1)


class Facebook:
    """Builds Facebook's webhooks for one page and sends them, signed, to ingest."""

    def __init__(self, stack: Stack, page_external_id: str) -> None:
        self.page = page_external_id
        self._secret = stack.secrets.facebook_app_secret
        self._ingest = httpx.AsyncClient(base_url=stack.ingest_url, timeout=30, trust_env=False)

    async def close(self) -> None:
        await self._ingest.aclose()

    async def send(self, *entries: Json) -> httpx.Response:
        """One webhook call with these entries, as Facebook writes and signs it."""
        return await self.send_raw(self.body(*entries))

    def body(self, *entries: Json) -> bytes:
        return json.dumps({"object": "page", "entry": list(entries)}).encode()

    async def send_raw(self, body: bytes, secret: str | None = None) -> httpx.Response:
        key = self._secret if secret is None else secret
        digest = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
        return await self._ingest.post(
            "/webhooks/facebook",
            content=body,
            headers={
                "X-Hub-Signature-256": f"sha256={digest}",
                "Content-Type": "application/json",
            },
        )

    def message(self, customer: str, text: str = "Shop ơi", mid: str | None = None) -> Json:
        now = int(time.time() * 1000)
        return {
            "id": self.page,
            "time": now,
            "messaging": [
                {
                    "sender": {"id": customer},
                    "recipient": {"id": self.page},
                    "timestamp": now,
                    "message": {"mid": mid or f"m_{secrets.token_hex(8)}", "text": text},
                }
            ],
        }

    def comment(
        self,
        customer: str,
        comment_id: str,
        *,
        text: str = "Giá bao nhiêu shop?",
        name: str = "Nguyễn Thị Lan",
        post: str = "332029982914750",
        parent: str | None = None,
        verb: str = "add",
        video: bool = False,
        at: int | None = None,
    ) -> Json:
        """A change of a comment; `parent` is the comment above, None for a root."""
        seconds = int(time.time()) if at is None else at
        post_id = f"{self.page}_{post}"
        value: Json = {
            "from": {"id": customer, "name": name},
            "post": {
                "status_type": "added_video" if video else "mobile_status_update",
                "is_published": True,
                "id": post_id,
            },
            "message": text,
            "post_id": post_id,
            "comment_id": comment_id,
            "parent_id": parent or post_id,
            "created_time": seconds,
            "item": "comment",
            "verb": verb,
        }
        return self._change("feed", value)

    def video(self, post: str, video_id: str) -> Json:
        return self._change(
            "feed",
            {
                "from": {"id": self.page, "name": "Shop"},
                "post_id": f"{self.page}_{post}",
                "created_time": int(time.time()),
                "item": "video",
                "published": 1,
                "verb": "add",
                "video_id": video_id,
            },
        )

    def live(self, video_id: str, status: str = "live") -> Json:
        return self._change("live_videos", {"id": video_id, "status": status})

    def _change(self, field: str, value: Json) -> Json:
        return {
            "id": self.page,
            "time": int(time.time()),
            "changes": [{"field": field, "value": value}],
        }


class Person:
    """Somebody who is logged in at the gateway."""

    def __init__(self, gateway: httpx.AsyncClient, token: str) -> None:
        self._gateway = gateway
        self._headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Any request, whatever it answers."""
        headers = {**self._headers, **options.pop("headers", {})}
        return await self._gateway.request(method, path, headers=headers, **options)

    async def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a successful GET."""
        return accepted(await self.ask("GET", path, params=parameters)).json()

    async def put(self, path: str, **body: Any) -> Any:
        answer = accepted(await self.ask("PUT", path, json=body))
        return answer.json() if answer.content else None

    async def go(self, status: str) -> None:
        """Sets the own presence."""
        await self.put("/v1/presence", status=status)

    async def inbox(self, **filters: Any) -> list[Json]:
        """All rows that the person sees, newest activity first."""
        rows: list[Json] = []
        cursor = None
        while True:
            parameters = {**filters, "limit": 200, **({"cursor": cursor} if cursor else {})}
            page = await self.get("/v1/conversations", **parameters)
            rows += page["items"]
            cursor = page["next"]
            if cursor is None:
                return rows


class Shop:
    """An organization with one page, and its administrator."""

    def __init__(self, stack: Stack, gateway: httpx.AsyncClient, name: str) -> None:
        self.id = name
        self.page_id = "trang"
        self.facebook = Facebook(stack, f"10{next(_numbers):06d}{secrets.randbelow(10**6):06d}")
        self.gateway = gateway
        self.operator_token = stack.secrets.operator_token
        self.people: dict[str, Person] = {}

    @property
    def admin(self) -> Person:
        return self.people["admin"]

    async def open(self) -> None:
        """Makes the organization and its page; automatic assignment is still off."""
        accepted(
            await self.gateway.post(
                "/v1/organizations",
                headers={"Authorization": f"Bearer {self.operator_token}"},
                json={
                    "id": self.id,
                    "name": "Cửa hàng",
                    "admin": {"username": "admin", "password": _PASSWORD},
                },
            )
        )
        await self.log_in("admin")
        await self.admin.put(
            f"/v1/pages/{self.page_id}",
            channel="facebook",
            external_id=self.facebook.page,
            name="Trang bán hàng",
        )

    async def log_in(self, username: str) -> Person:
        answer = await self.gateway.post(
            "/v1/auth/login",
            json={"organization": self.id, "username": username, "password": _PASSWORD},
        )
        person = Person(self.gateway, accepted(answer).json()["access_token"])
        self.people[username] = person
        return person

    async def hire(self, *names: str, role: str = "agent", online: bool = True) -> None:
        """Adds people, logs them in and, if told so, sets them online."""
        for name in names:
            await self.admin.put(
                f"/v1/agents/{name}",
                name=name.capitalize(),
                username=name,
                password=_PASSWORD,
                role=role,
            )
            person = await self.log_in(name)
            if online:
                await person.go("online")

    async def assign_by(self, *members: str, mode: str = "sequential", **settings: Any) -> None:
        """Switches automatic assignment on, with one default rule."""
        await self.admin.put(
            "/v1/rules/quay-vong",
            name="Quay vòng",
            enabled=True,
            mode=mode,
            applies_to="online",
            pages=None,
            members=[{"agent_id": member} for member in members],
        )
        await self.admin.put("/v1/settings", assignment=True, auto_assign=True, **settings)

    async def row(
        self,
        external_id: str,
        holds: Callable[[Json], bool] = lambda _: True,
        *,
        viewer: Person | None = None,
        **filters: Any,
    ) -> Json:
        """The conversation of a customer or root comment, once `holds` is true of it."""
        found: list[Json] = []

        async def there() -> bool:
            found[:] = await (viewer or self.admin).inbox(external_id=external_id, **filters)
            return bool(found) and holds(found[0])

        await eventually(there, lambda: f"{external_id}: {found}")
        return found[0]

    async def owners(self, external_ids: Sequence[str], **filters: Any) -> Mapping[str, str]:
        """Who has each of these conversations, once all of them have somebody."""
        owners: dict[str, str] = {}

        async def all_owned() -> bool:
            for row in await self.admin.inbox(**filters):
                if row["assignee"] is not None:
                    owners[row["external_id"]] = row["assignee"]["agent_id"]
            return owners.keys() >= set(external_ids)

        await eventually(all_owned, lambda: f"{len(owners)} of {len(external_ids)} have an owner")
        return {each: owners[each] for each in external_ids}

    async def history(self, conversation: str) -> list[Json]:
        """A conversation's assignments, newest first."""
        answer = await self.admin.get(f"/v1/conversations/{conversation}/assignments")
        return list(answer["items"])

    async def messages(self, conversation: str) -> list[Json]:
        answer = await self.admin.get(f"/v1/conversations/{conversation}/messages", limit=200)
        return list(answer["items"])

    async def close(self) -> None:
        await self.facebook.close()


OpenShop = Callable[[], Awaitable[Shop]]
"""Opens one more organization."""


def accepted(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is a success; AssertionError with what it says otherwise."""
    request = answer.request
    assert answer.is_success, f"{request.method} {request.url}: {answer.status_code} {answer.text}"
    return answer


def owned_by(agent: str | None) -> Callable[[Json], bool]:
    """A condition for `Shop.row`."""
    return lambda row: (row["assignee"] and row["assignee"]["agent_id"]) == agent


async def eventually(
    holds: Callable[[], Any], told: Callable[[], str], patience_s: float = _PATIENCE_S
) -> None:
    """Returns once the condition holds; AssertionError with `told()` if it never does."""
    try:
        async with asyncio.timeout(patience_s):
            while not await holds():  # noqa: ASYNC110 - another process cannot set our event
                await asyncio.sleep(_POLL_S)
    except TimeoutError:
        raise AssertionError(f"not within {patience_s:.0f} s: {told()}") from None
