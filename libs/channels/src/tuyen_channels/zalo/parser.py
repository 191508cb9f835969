"""Turns Zalo's webhook into the one event that it contains."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from tuyen_channels.lenient_json import read_leniently
from tuyen_channels.ports import (
    FailedPart,
    Pages,
    ParsedBody,
    ParsedEvent,
    SkippedPart,
    SkipReason,
    UnreadablePartError,
)
from tuyen_channels.unreadable import find_account
from tuyen_channels.zalo import messages, signals, wire
from tuyen_channels.zalo.source import ZaloSource
from tuyen_events.limits import DETAIL_CHARACTERS

_Reader = Callable[[bytes, ZaloSource], ParsedEvent | SkippedPart]

_RECEIPTS = frozenset({"user_seen_message", "user_received_message"})

_NO_MESSAGES = frozenset({"oa_send_consent"})
"""Events that are named like messages and contain none."""

_SIGNALS: dict[str, _Reader] = {
    "user_seen_message": signals.read_seen,
    "user_received_message": signals.read_received,
    "user_reacted_message": signals.read_reaction,
    "follow": signals.read_follow,
    "unfollow": signals.read_unfollow,
    "user_click_chatnow": signals.read_click,
    "user_submit_info": messages.read_form,
}
_SENT: tuple[tuple[str, _Reader], ...] = (
    ("user_send_", messages.read_message),
    ("anonymous_send_", messages.read_message),
    ("oa_send_", messages.read_echo),
)
"""The reader of all events whose names begin so; the rest of a name says what was sent."""


def parse(body: bytes, accepted_at: datetime, pages: Pages) -> ParsedBody:
    """Reads `body`; never raises, whatever it contains.

    Pure: the same arguments give the same result.
    """
    parsed = ParsedBody()
    try:
        found = read_leniently(lambda raw: _read(raw, accepted_at, pages, parsed), body)
    except Exception as error:  # whatever it raises, it is a failure
        if not parsed.pages:
            parsed.page = find_account(body, pages)
            parsed.pages = {parsed.page} if parsed.page else set()
        parsed.failures.append(FailedPart.of(parsed.page, body, error))
        return parsed
    if isinstance(found, ParsedEvent):
        parsed.events.append(found)
    else:
        parsed.skipped.append(found)
        if found.why is SkipReason.UNKNOWN_PAGE:
            parsed.unknown_pages |= parsed.pages
    return parsed


def _read(
    body: bytes, accepted_at: datetime, pages: Pages, parsed: ParsedBody
) -> ParsedEvent | SkippedPart:
    """The event of a body; notes the accounts that it names in `parsed`."""
    name = wire.name_of(body).event_name
    accounts = _list_accounts(name, body)
    account = next((each for each in accounts if each in pages), None)
    parsed.page = account or (accounts[0] if accounts else "")
    parsed.pages = {account} if account else set(accounts)
    what = name[:DETAIL_CHARACTERS]
    if "group" in name:
        return SkippedPart(SkipReason.GROUP, what)
    if name == "oa_reacted_message":
        return SkippedPart(SkipReason.BY_PAGE, what)
    reader = _find_reader(name)
    if reader is None:
        return SkippedPart(SkipReason.UNKNOWN_EVENT, what)
    if not accounts:
        raise UnreadablePartError("the event names no account")
    if account is None:
        return SkippedPart(SkipReason.UNKNOWN_PAGE, accounts[0])
    return reader(body, ZaloSource(pages[account], account, name, accepted_at))


def _find_reader(name: str) -> _Reader | None:
    if name in _SIGNALS or name in _NO_MESSAGES:
        return _SIGNALS.get(name)
    return next((reader for beginning, reader in _SENT if name.startswith(beginning)), None)


def _list_accounts(name: str, body: bytes) -> Sequence[str]:
    """The ids among which that of the account is, the likeliest first.

    An account is the recipient of what users do, and the sender of what it does itself. Receipts
    are documented as sent by the account, although a user causes them; both have occurred.
    """
    parties = wire.parties_of(body)
    try:
        return (str(wire.account_of(parties.oa_id)),)
    except msgspec.ValidationError:
        pass
    if name in _RECEIPTS:
        candidates = [parties.sender, parties.recipient]
    else:
        candidates = [parties.sender if name.startswith("oa_") else parties.recipient]
    found = []
    for party in candidates:
        try:
            found.append(str(wire.party_of(party).id))
        except msgspec.ValidationError:
            continue
    return found
