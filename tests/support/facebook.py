"""Facebook's webhooks for tests: the sample bodies, bodies made to measure, and their signature."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.channel_samples import CREDENTIALS, ChannelSample

PAYLOADS = Path(__file__).with_name("payloads")
PAGE = "104000000000001"
"""The page of all sample bodies."""
APP_SECRET = CREDENTIALS["facebook_app_secret"]
VERIFY_TOKEN = CREDENTIALS["facebook_verify_token"]

Update = dict[str, Any]


def payload(name: str) -> bytes:
    """A sample body as it comes over the wire."""
    return (PAYLOADS / f"{name}.json").read_bytes()


def payload_names() -> list[str]:
    """The names of all sample bodies."""
    found = [*PAYLOADS.glob("facebook_[!a]*.json"), *PAYLOADS.glob("messenger__*.json")]
    return sorted(file.stem for file in found)


def entry(
    *,
    messaging: list[Any] | None = None,
    changes: list[Any] | None = None,
    page: str = PAGE,
    at: int = 1790000000400,
) -> Update:
    """One entry of a body."""
    parts = {"messaging": messaging, "changes": changes}
    return {"id": page, "time": at, **{k: v for k, v in parts.items() if v is not None}}


def body(*entries: Update) -> bytes:
    """A body in the form in which Meta signs it: everything beyond ASCII is escaped."""
    return json.dumps({"object": "page", "entry": list(entries)}).encode()


def message(
    mid: str, text: str = "Còn size M không ạ?", sender: str = "6700000000000001", page: str = PAGE
) -> Update:
    """A customer's message."""
    return {
        "sender": {"id": sender},
        "recipient": {"id": page},
        "timestamp": 1790000000000,
        "message": {"mid": mid, "text": text},
    }


def comment(comment_id: str, **value: Any) -> Update:
    """A change about a comment; without more, a customer's new root comment on a plain post."""
    post = value.pop("post_id", f"{PAGE}_332029982914750")
    return {
        "field": "feed",
        "value": {
            "from": {"id": "6700000000000001", "name": "Nguyen Van A"},
            "post": {"status_type": "mobile_status_update", "id": post},
            "message": "Giá bao nhiêu shop?",
            "post_id": post,
            "comment_id": comment_id,
            "created_time": 1790000000,
            "item": "comment",
            "parent_id": post,
            "verb": "add",
            **value,
        },
    }


def live_comment(comment_id: str, post_id: str, **value: Any) -> Update:
    """A customer's comment below a post that shows a video."""
    post = {"status_type": "added_video", "id": post_id}
    return comment(comment_id, post_id=post_id, post=post, **value)


def video(post_id: str, video_id: str) -> Update:
    """The page published a video."""
    value = {
        "from": {"id": PAGE},
        "item": "video",
        "verb": "add",
        "post_id": post_id,
        "video_id": video_id,
        "created_time": 1790000000,
        "published": 1,
    }
    return {"field": "feed", "value": value}


def live_video(video_id: str, status: str) -> Update:
    """A broadcast started or ended."""
    return {"field": "live_videos", "value": {"id": video_id, "status": status}}


def sign(raw: bytes, secret: str = APP_SECRET) -> Mapping[str, str]:
    """The headers with which Meta sends `raw`."""
    digest = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    return {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}


SAMPLE = ChannelSample(
    PAGE, lambda page: body(entry(messaging=[message("m_1", page=page)], page=page)), sign
)
