"""Webhooks as Facebook sends them: bodies in Meta's shape and its signature over their bytes."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

SIGNATURE_HEADER = "X-Hub-Signature-256"

Part = Mapping[str, Any]
"""A change of the page's feed."""


@dataclass(frozen=True, slots=True)
class DemoCustomer:
    """Somebody at Facebook, by the id that the page knows them by."""

    external_id: str
    name: str


@dataclass(frozen=True, slots=True)
class DemoPage:
    """The page that is written to. `now` is in milliseconds, as Meta counts them."""

    external_id: str
    now: int

    def message(self, sender: DemoCustomer, mid: str, text: str) -> bytes:
        """A direct message. Messenger tells no name."""
        update = {
            "sender": {"id": sender.external_id},
            "recipient": {"id": self.external_id},
            "timestamp": self.now,
            "message": {"mid": mid, "text": text},
        }
        return self._body({"messaging": [update]})

    def feed(self, parts: Sequence[Part]) -> bytes:
        """Changes of the feed, several in one body."""
        return self._body({"changes": list(parts)})

    def comment(
        self, author: DemoCustomer, comment: str, post: str, text: str, parent: str | None = None
    ) -> Part:
        """A comment on `post`; with `parent`, a reply below that comment.

        A comment on a livestream looks the same (P5a).
        """
        return self._feed_change(
            author,
            item="comment",
            comment_id=comment,
            post_id=post,
            parent_id=parent or post,
            message=text,
        )

    def video(self, post: str, video: str, text: str) -> Part:
        """The page publishes a post that shows a video."""
        author = DemoCustomer(self.external_id, "Shop")
        return self._feed_change(
            author, item="video", post_id=post, video_id=video, message=text, published=1
        )

    def live_video(self, video: str, status: str) -> Part:
        """A broadcast: `live`, then `live_stopped`."""
        return {"field": "live_videos", "value": {"id": video, "status": status}}

    def _feed_change(self, author: DemoCustomer, **value: object) -> Part:
        said_by = {"id": author.external_id, "name": author.name}
        about = {"from": said_by, "verb": "add", "created_time": self.now // 1000}
        return {"field": "feed", "value": about | value}

    def _body(self, content: Mapping[str, object]) -> bytes:
        """ASCII alone, like Meta's own: the signature is over the escaped form (P2)."""
        entry = {"id": self.external_id, "time": self.now, **content}
        return json.dumps({"object": "page", "entry": [entry]}).encode()


def signature(app_secret: str, body: bytes) -> str:
    """The value of the signature's header."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
