"""A livechat site's webhooks for tests: bodies, and their signature."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from support.channel_samples import PAGE_TOKEN, ChannelSample

APP = "app_0123456789abcdef01234567"
TOKEN = PAGE_TOKEN


def event(event_id: str = "b1f0", **changed: Any) -> dict[str, Any]:
    """A visitor's message; a field that is changed to None is left out."""
    whole = {
        "event_id": event_id,
        "type": "message",
        "timestamp": "2026-11-21T08:00:00.000Z",
        "visitor": {
            "id": "v-17",
            "name": "Lan",
            "phone": "0903123456",
            "email": "lan@example.com",
            "gender": "female",
            "location": "Hà Nội",
            "browser": "Firefox 140",
        },
        "page_url": "https://shop.example/vn/giay?utm=x",
        "department": "sales",
        "region": "mien-bac",
        "message": {"text": "Còn size 42 không?", "attachments": []},
        **changed,
    }
    return {name: value for name, value in whole.items() if value is not None}


def body(event_id: str = "b1f0", **changed: Any) -> bytes:
    return json.dumps(event(event_id, **changed), ensure_ascii=False).encode()


def sign(raw: bytes, token: str = TOKEN) -> Mapping[str, str]:
    """The headers with which a site sends `raw`."""
    digest = hmac.new(token.encode(), raw, hashlib.sha256).hexdigest()
    return {"X-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


SAMPLE = ChannelSample(APP, lambda _: body(), sign)
