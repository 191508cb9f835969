"""A webhook's body to events, one part at a time: a bad one does not hold back the others (P4)."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from tuyen_channels.facebook import feed, messenger, wire
from tuyen_channels.facebook.source import Source, UnreadablePartError
from tuyen_channels.live_posts import Draft, LivePosts
from tuyen_channels.mending import mended
from tuyen_channels.ports import (
    Failure,
    Normalized,
    Pages,
    Parsed,
    Skipped,
    SkipReason,
)

_DASHBOARD_PAGE = "0"
_PAYLOAD_LIMIT = 256 * 1024
"""Characters of a failure's payload. A part is far smaller; a whole body that cannot be read stands
in full among the raw ones."""

_Reader = Callable[[msgspec.Raw, Source], Normalized | Skipped]


def parse(body: bytes, accepted_at: datetime, pages: Pages, posts: LivePosts) -> Parsed:
    """Everything that `body` says; never raises, whatever is in it.

    Pure: the same arguments give the same result. Events stand in the body's order.
    """
    parsed = Parsed()
    try:
        entries = _entries(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        parsed.failures.append(_failure("", body, error))
        return parsed
    if not entries:
        parsed.skipped.append(Skipped(SkipReason.EMPTY, "no entry"))
    draft = Draft(posts)
    for raw in entries:
        _read_entry(raw, accepted_at, pages, draft, parsed)
    parsed.classified = draft.facts
    return parsed


def _entries(body: bytes) -> list[msgspec.Raw]:
    try:
        return wire.body_of(body).entry
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        return wire.body_of(mended(body)).entry


def _read_entry(
    raw: msgspec.Raw, accepted_at: datetime, pages: Pages, draft: Draft, parsed: Parsed
) -> None:
    try:
        entry = wire.entry_of(raw)
    except (msgspec.MsgspecError, RecursionError) as error:
        parsed.failures.append(_failure("", b'{"object":"page","entry":[%b]}' % bytes(raw), error))
        return
    external_id = str(entry.id)
    parsed.page = parsed.page or external_id
    changes, messaging, standby = entry.changes or (), entry.messaging or (), entry.standby or ()
    parts = len(changes) + len(messaging) + len(standby)
    page = pages.get(external_id)
    if page is None:
        if external_id == _DASHBOARD_PAGE:
            why = SkipReason.DASHBOARD_TEST
        else:
            why = SkipReason.UNKNOWN_PAGE
            parsed.unknown_pages.add(external_id)
        parsed.skipped.extend([Skipped(why, external_id)] * max(parts, 1))
        return
    if not parts:
        parsed.skipped.append(Skipped(SkipReason.EMPTY, f"entry of {external_id}"))
    parsed.skipped.extend([Skipped(SkipReason.STANDBY, external_id)] * len(standby))
    source = Source(page, external_id, accepted_at, entry.time, draft)
    for part in messaging:
        _read_part(part, "messaging", messenger.normalize, source, parsed)
    for part in changes:
        _read_part(part, "changes", feed.normalize, source, parsed)


def _read_part(
    part: msgspec.Raw, section: str, normalize: _Reader, source: Source, parsed: Parsed
) -> None:
    try:
        found = normalize(part, source)
    except (msgspec.MsgspecError, UnreadablePartError, RecursionError) as error:
        payload = b'{"object":"page","entry":[{"id":%b,"time":%b,"%b":[%b]}]}' % (
            msgspec.json.encode(source.page_external_id),
            msgspec.json.encode(source.delivered),
            section.encode(),
            bytes(part),
        )
        parsed.failures.append(_failure(source.page_external_id, payload, error))
        return
    if isinstance(found, Normalized):
        parsed.events.append(found)
    else:
        parsed.skipped.append(found)


def _failure(page: str, payload: bytes, error: Exception) -> Failure:
    text = payload.decode("utf-8", "replace")[:_PAYLOAD_LIMIT]
    return Failure(page, text, f"{type(error).__name__}: {error}")
