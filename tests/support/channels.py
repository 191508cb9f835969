"""A shop's channels as the outside sees them: webhooks that are built, signed, and sent to ingest.

What is sent finds all that was set up before: who it goes to does not hang on a service's haste.
"""

import hashlib
import hmac
import itertools
import json
import secrets
import time
from typing import Any

import httpx

from support import livechat, zalo
from support.global_tables import GlobalTables
from tuyen_local.stack import Stack

Json = dict[str, Any]


class Facebook:
    """Builds Facebook's webhooks for one page and sends them, signed, to ingest."""

    def __init__(self, stack: Stack, page_external_id: str, tables: GlobalTables) -> None:
        self.page = page_external_id
        self._tables = tables
        self._secret = stack.secrets.facebook_app_secret
        self._ingest = httpx.AsyncClient(base_url=stack.ingest_url, timeout=30, trust_env=False)

    async def close(self) -> None:
        await self._ingest.aclose()

    async def send(self, *entries: Json) -> httpx.Response:
        """One webhook call with these entries, as Facebook writes and signs it."""
        return await self.send_raw(self.body(*entries))

    async def write(self, *customers: str, text: str = "Shop ơi") -> None:
        """A message of each customer; nothing says in which order they are handled."""
        await self.send(*(self.message(customer, text) for customer in customers))

    async def comments(self, *comment_ids: str, customer: str = "c1") -> None:
        """Root comments of one customer, which are therefore handled in this order."""
        await self.send(*(self.comment(customer, comment_id) for comment_id in comment_ids))

    def body(self, *entries: Json) -> bytes:
        return json.dumps({"object": "page", "entry": list(entries)}).encode()

    async def send_raw(self, body: bytes, secret: str | None = None) -> httpx.Response:
        await self._tables.wait_until_known()
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


class Account:
    """Builds Zalo's webhooks for one Official Account and sends them, signed, to ingest."""

    def __init__(self, stack: Stack, account: str, tables: GlobalTables) -> None:
        self.account = account
        self._tables = tables
        self._app_id, self._secret = stack.secrets.zalo_app_id, stack.secrets.zalo_oa_secret
        self._ingest = httpx.AsyncClient(base_url=stack.ingest_url, timeout=30, trust_env=False)

    async def close(self) -> None:
        await self._ingest.aclose()

    async def write(self, user: str, text: str = "Shop ơi") -> httpx.Response:
        """A message of a user."""
        message = {"msg_id": secrets.token_hex(8), "text": text}
        return await self.send(sender={"id": user}, message=message)

    async def echo(self, user: str, text: str = "Dạ") -> httpx.Response:
        """What the account itself wrote to a user."""
        return await self.send(
            "oa_send_text",
            sender={"id": self.account},
            recipient={"id": user},
            message={"msg_id": secrets.token_hex(8), "text": text},
        )

    async def follow(self, user: str, name: str = "follow") -> httpx.Response:
        """A user follows the account, or (`unfollow`) no more."""
        return await self.send(
            name, oa_id=self.account, follower={"id": user}, sender=None, message=None
        )

    async def send(self, name: str = "user_send_text", **fields: Any) -> httpx.Response:
        now = str(int(time.time() * 1000))
        whole = {"recipient": {"id": self.account}, "timestamp": now, **fields}
        return await self.send_raw(zalo.encode(zalo.event(name, **whole)))

    async def send_raw(self, raw: bytes) -> httpx.Response:
        await self._tables.wait_until_known()
        headers = dict(zalo.sign(raw, self._secret, self._app_id))
        return await self._ingest.post("/webhooks/zalo", content=raw, headers=headers)


class Site:
    """A shop's own site with a livechat: sends its visitors' messages, signed, to ingest."""

    def __init__(self, connected: Json, tables: GlobalTables) -> None:
        """`connected` is the answer to the `PUT` that made the page."""
        self.app_id: str = connected["app_id"]
        self.token: str = connected["token"]
        self.webhook_url: str = connected["webhook_url"]
        self._tables = tables
        self._numbers = itertools.count(1)
        self._client = httpx.AsyncClient(timeout=30, trust_env=False)

    async def close(self) -> None:
        await self._client.aclose()

    async def write(self, visitor: str, text: str = "Shop ơi", **visit: Any) -> httpx.Response:
        """A message of a visitor; `visit` is where they are: department, region, page_url."""
        nowhere = {"department": None, "region": None, "page_url": None}
        raw = livechat.body(
            f"e-{self.app_id}-{next(self._numbers)}",
            timestamp=None,
            visitor={"id": visitor},
            message={"text": text, "attachments": []},
            **{**nowhere, **visit},
        )
        return await self.send_raw(raw)

    async def send_raw(self, raw: bytes, token: str | None = None) -> httpx.Response:
        await self._tables.wait_until_known()
        headers = livechat.sign(raw, self.token if token is None else token)
        return await self._client.post(self.webhook_url, content=raw, headers=headers)
