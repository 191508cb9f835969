"""Turns a webhook's body into events, one part at a time: an invalid part does not affect the
others (P4).

Decides P4.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from tuyen_channels.facebook import feed, messenger, wire
from tuyen_channels.facebook.source import PartSource
from tuyen_channels.lenient_json import Repairs, needs_repair
from tuyen_channels.live_posts import LivePosts, PostFactsDraft
from tuyen_channels.ports import (
    FailedPart,
    Pages,
    ParsedBody,
    ParsedEvent,
    SkippedPart,
    SkipReason,
    UnreadablePartError,
)
from tuyen_channels.splitting import elements, members
from tuyen_channels.unreadable import find_page_of_entries
from tuyen_events.limits import UPDATES

_DASHBOARD_PAGE = "0"
_SECTIONS = ("messaging", "standby", "changes")
"""What an entry contains. `standby` are messages while another app has the thread, which are read
like the others (P5d)."""

_Json = msgspec.Raw | bytes
_Reader = Callable[[_Json, PartSource], ParsedEvent | SkippedPart]


def parse(body: bytes, accepted_at: datetime, pages: Pages, posts: LivePosts) -> ParsedBody:
    """Reads everything in `body`; never raises, whatever it contains.

    Pure: the same arguments give the same result. Events are in the body's order.
    """
    parsed = ParsedBody()
    try:
        entries = _entries(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        parsed.page = find_page_of_entries(body, pages)
        parsed.pages = {parsed.page} if parsed.page else set()
        parsed.failures.append(FailedPart.of(parsed.page, body, error))
        return parsed
    if not entries:
        parsed.skipped.append(SkippedPart(SkipReason.EMPTY, "no entry"))
    repair_all = needs_repair(body)
    reading = _Reading(accepted_at, pages, PostFactsDraft(posts), repair_all, Repairs(), parsed)
    for raw in entries[:UPDATES]:
        reading.entry(raw)
    if len(entries) > UPDATES:
        parsed.failures.append(FailedPart.of("", b"", _too_many(len(entries) - UPDATES)))
    parsed.classified = reading.draft.facts
    return parsed


def _entries(body: bytes) -> Sequence[_Json]:
    try:
        return wire.body_of(body).entry
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return elements(members(body).get("entry", b"[]"))


def _entry(raw: _Json, repairs: Repairs) -> wire.Entry:
    """One entry, whose parts are not decoded yet. If a strict decoder refuses the entry, it
    contains the parts that can be separated."""
    try:
        return wire.entry_of(raw)
    except msgspec.ValidationError:
        raise
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = members(bytes(raw))
        sections = {
            name: [msgspec.Raw(part) for part in elements(found[name])]
            for name in _SECTIONS
            if name in found and found[name] != b"null"
        }
        return wire.Entry(
            id=wire.id_of(repairs.repair(found.get("id", b"null"))),
            time=wire.clock_of(found.get("time", b"null")),
            **sections,
        )


@dataclass(frozen=True, slots=True)
class _Reading:
    """One body while it is read. Any exception that a part causes, also an unexpected one, makes a
    failure of that part, and the others are read (R9.5)."""

    accepted_at: datetime
    pages: Pages
    draft: PostFactsDraft
    repair_all: bool
    """Whether the body must be repaired although a decoder would accept it."""
    repairs: Repairs
    parsed: ParsedBody

    def entry(self, raw: _Json) -> None:
        try:
            entry = _entry(raw, self.repairs)
        except Exception as error:  # an invalid entry must not stop the others
            payload = b'{"object":"page","entry":[%b]}' % bytes(raw)
            self.parsed.failures.append(FailedPart.of(self._name_page(raw), payload, error))
            return
        external_id = str(entry.id)
        self.parsed.page = self.parsed.page or external_id
        self.parsed.pages.add(external_id)
        page = self.pages.get(external_id)
        if page is None:
            self._skip_unknown(entry, external_id)
            return
        if not (entry.changes or entry.messaging or entry.standby):
            self.parsed.skipped.append(SkippedPart(SkipReason.EMPTY, f"entry of {external_id}"))
        source = PartSource(page, external_id, self.accepted_at, entry.time, self.draft)
        for section in _SECTIONS:
            reader = feed.normalize if section == "changes" else messenger.normalize
            self._section(getattr(entry, section) or (), section, reader, source)

    def _name_page(self, raw: _Json) -> str:
        """The page of an entry that cannot be read, if at least its id can."""
        try:
            page = str(wire.id_of(members(bytes(raw))["id"]))
        except (KeyError, ValueError, msgspec.MsgspecError, RecursionError):
            return ""
        self.parsed.page = self.parsed.page or page
        self.parsed.pages.add(page)
        if page not in self.pages:
            self.parsed.unknown_pages.add(page)
        return page

    def _skip_unknown(self, entry: wire.Entry, external_id: str) -> None:
        if external_id == _DASHBOARD_PAGE:
            why = SkipReason.DASHBOARD_TEST
        else:
            why = SkipReason.UNKNOWN_PAGE
            self.parsed.unknown_pages.add(external_id)
        parts = sum(len(each or ()) for each in (entry.changes, entry.messaging, entry.standby))
        self.parsed.skipped.extend([SkippedPart(why, external_id)] * max(parts, 1))

    def _section(
        self, parts: Sequence[_Json], section: str, reader: _Reader, source: PartSource
    ) -> None:
        parsed = self.parsed
        read = len(parsed.events) + len(parsed.skipped) + len(parsed.failures)
        room = max(UPDATES - read, 0)
        for part in parts[:room]:
            try:
                found = self._read_part(part, reader, source)
            except Exception as error:  # an invalid part must not stop the others
                self._note_failure([part], section, source, error)
            else:
                if isinstance(found, ParsedEvent):
                    self.parsed.events.append(found)
                else:
                    self.parsed.skipped.append(found)
        if len(parts) > room:
            self._note_failure(parts[room:], section, source, _too_many(len(parts) - room))

    def _read_part(
        self, part: _Json, reader: _Reader, source: PartSource
    ) -> ParsedEvent | SkippedPart:
        if not (self.repair_all and needs_repair(bytes(part))):
            try:
                return reader(part, source)
            except msgspec.ValidationError:
                raise
            except (msgspec.DecodeError, UnicodeDecodeError):
                pass
        return reader(self.repairs.repair(bytes(part)), source)

    def _note_failure(
        self, parts: Sequence[_Json], section: str, source: PartSource, error: Exception
    ) -> None:
        payload = b'{"object":"page","entry":[{"id":%b,"time":%b,"%b":[%b]}]}' % (
            msgspec.json.encode(source.page_external_id),
            msgspec.json.encode(source.delivered),
            section.encode(),
            b",".join(bytes(part) for part in parts),
        )
        self.parsed.failures.append(FailedPart.of(source.page_external_id, payload, error))


def _too_many(unread: int) -> Exception:
    return UnreadablePartError(f"a body has at most {UPDATES} updates; {unread} more were not read")
