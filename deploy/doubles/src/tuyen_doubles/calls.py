"""What was called: the record that tests and people read by `GET /_double/calls`."""

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

MOST_CALLS = 5_000
"""How many calls are remembered; the oldest is forgotten first."""

_BODY_CHARACTERS = 16 * 1024


class DoubleAction(StrEnum):
    """What a call does at the channel."""

    SEND = "send"
    COMMENT = "comment"
    PRIVATE_REPLY = "private_reply"
    HIDE = "hide"
    UNHIDE = "unhide"
    LIKE = "like"
    UNLIKE = "unlike"
    EDIT = "edit"
    DELETE = "delete"
    UPLOAD = "upload"
    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    TOKEN = "token"  # noqa: S105 - the name of an action
    PROFILE = "profile"
    READ = "read"
    """Looks something up: a comment, its replies, a page, its subscription."""
    PRESENCE = "presence"
    """Shows the customer that somebody writes, or has read."""
    TAKE_OVER = "take_over"
    """Takes a customer's thread over from another app."""

    @property
    def is_ordinary(self) -> bool:
        """Whether calls of this kind are listed when no action is named."""
        return self not in (DoubleAction.READ, DoubleAction.PRESENCE, DoubleAction.TAKE_OVER)

    @property
    def is_expected(self) -> bool:
        """Whether calls of this kind are hit by faults that name no action. The others come at
        times of the caller's own choice (a job that looks at subscriptions, or asks who customers
        are), and would use up a fault that is meant for something else."""
        return self.is_ordinary and self is not DoubleAction.PROFILE


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call and its answer.

    `account` is the page or official account that the call is made for, None if the double cannot
    tell. `to` is who or what it concerns: a customer, a comment, a post. `body` contains all
    parameters except secrets. `token` is the beginning of the access token's SHA-256: calls with
    the same token have the same one.
    """

    seq: int
    channel: str
    account: str | None
    action: DoubleAction
    to: str | None
    text: str | None
    body: Any
    answered: dict[str, Any]
    at: datetime
    token: str | None


class CallRecord:
    """The calls of all channels, numbered from 1 in the order in which they came."""

    def __init__(self) -> None:
        self._calls: deque[RecordedCall] = deque(maxlen=MOST_CALLS)
        self._last = 0

    @property
    def last(self) -> int:
        """The number of the newest call; 0 before the first."""
        return self._last

    def add(
        self,
        *,
        channel: str,
        account: str | None,
        action: DoubleAction,
        to: str | None,
        text: str | None,
        body: Any,
        answered: dict[str, Any],
        at: datetime,
        token: str | None,
    ) -> None:
        self._last += 1
        self._calls.append(
            RecordedCall(
                seq=self._last,
                channel=channel,
                account=account,
                action=action,
                to=to,
                text=None if text is None else text[:_BODY_CHARACTERS],
                body=_bound(body),
                answered={**answered, "body": _bound(answered.get("body"))},
                at=at,
                token=token,
            )
        )

    def find(
        self,
        channel: str | None = None,
        action: DoubleAction | None = None,
        account: str | None = None,
        after: int = 0,
    ) -> Iterator[RecordedCall]:
        """The calls that match, oldest first; without `action`, the ordinary ones."""
        for call in self._calls:
            if call.seq <= after or channel not in (None, call.channel):
                continue
            if account not in (None, call.account):
                continue
            if call.action is action or (action is None and call.action.is_ordinary):
                yield call


def _bound(value: Any) -> Any:
    """The value, or what there is to say of one that is too large to be kept."""
    size = len(json.dumps(value))
    return value if size <= _BODY_CHARACTERS else {"truncated": True, "characters": size}
