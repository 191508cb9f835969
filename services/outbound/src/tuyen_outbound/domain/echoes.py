"""Which request an echo proves to be carried out.

A channel reports what a page wrote, also what we wrote for it. If it returns our own id of the
message, that proves it. Otherwise the same text in the same conversation, made after our call
began, does: it is the best that can be known.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from tuyen_events.inbound import CommentAdded, MessageEchoed
from tuyen_events.outbound import OutboundAction
from tuyen_outbound.domain.requests import RequestPhase, StoredRequest

_MAX_CLOCK_SKEW = timedelta(minutes=5)
"""How far the channel's clock may be behind ours."""

_MESSAGES = (OutboundAction.SEND, OutboundAction.PRIVATE_REPLY)


def find_proved_by_id(
    candidates: Iterable[StoredRequest], echo: MessageEchoed
) -> list[StoredRequest]:
    """The requests that an echo with our own id proves: all with this id whose call may have been
    made. A repetition of a request whose result is unknown has the same id: what the echo shows is
    what both of them want."""
    if echo.client_id is None:
        return []
    found = [
        each
        for each in candidates
        if each.request.client_id == echo.client_id and each.request.action in _MESSAGES
    ]
    if any(echo.external_id in each.external_ids for each in found):
        return []  # an earlier part of the message
    return [each for each in found if _may_have_been_called(each)]


def find_proved_by_text(
    candidates: Iterable[StoredRequest],
    echo: MessageEchoed | CommentAdded,
    texts: Callable[[StoredRequest], str | None],
) -> StoredRequest | None:
    """The oldest request of which a call was begun that may have been carried out, and whose
    present part has the text of the echo. `texts` gives the text of a request's present part."""
    is_comment = isinstance(echo, CommentAdded)
    if isinstance(echo, MessageEchoed) and echo.admin_id is not None:
        return None  # a person wrote it at the channel
    known = list(candidates)
    if any(echo.external_id in each.external_ids for each in known):
        return None
    for each in known:
        since = each.called_since
        if since is None:
            continue
        if (each.request.action is OutboundAction.COMMENT) is not is_comment:
            continue
        if not is_comment and each.request.action not in _MESSAGES:
            continue
        if _is_after(echo.occurred_at, since) and _are_same(texts(each), echo.text):
            return each
    return None


def _may_have_been_called(stored: StoredRequest) -> bool:
    return (
        stored.phase is not RequestPhase.WAITING
        or stored.refusals > 0
        or stored.request.retries is not None
    )


def _is_after(occurred_at: datetime, since: datetime) -> bool:
    return occurred_at >= since - _MAX_CLOCK_SKEW


def _are_same(one: str | None, other: str | None) -> bool:
    """Whether two texts are the same but for white space; a picture without a text proves
    nothing."""
    words = (one or "").split()
    return bool(words) and words == (other or "").split()
