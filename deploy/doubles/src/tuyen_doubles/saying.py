"""What customers do, as a person or a test says it: their messages, comments and receipts.

The double remembers it (who may be written to until when, which comments there are) and sends it to
ingest as a signed webhook.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tuyen_doubles.webhooks import DoubleWebhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """A message of a customer; with `post`, or below the comment `parent`, a comment."""

    channel: str
    account: str
    customer: str
    name: str | None
    text: str | None
    attachments: Sequence[Mapping[str, Any]]
    post: str | None
    parent: str | None
    at: datetime

    @property
    def is_comment(self) -> bool:
        return self.post is not None or self.parent is not None


@dataclass(frozen=True, slots=True)
class SaidAtChannel:
    """The channel's ids of what was said, and the webhooks that say it: none if the page has
    unsubscribed."""

    id: str
    post_id: str | None
    webhooks: Sequence[DoubleWebhook]


class ChannelCustomers(Protocol):
    """The customers of one channel."""

    def say(self, saying: Saying) -> SaidAtChannel:
        """Raises ValueError for a comment on a channel that has none."""
        ...

    def receive(
        self, account: str, customer: str, *, seen: bool, at: datetime
    ) -> Sequence[DoubleWebhook]:
        """What was sent to a customer was delivered to them, or they have seen it."""
        ...
