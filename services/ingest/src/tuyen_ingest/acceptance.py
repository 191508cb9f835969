"""Accepts authentic bodies: parses them, writes their events, and returns once they are
acknowledged (P2).

Decides R9.1, R9.3, INV2 and P3.
"""

import asyncio
from collections import Counter
from datetime import datetime
from functools import cache
from typing import NamedTuple

import structlog

from tuyen_channels.live_posts import LivePosts
from tuyen_channels.ports import FailedPart, Pages, ParsedBody, SkipReason
from tuyen_events.vocabulary import Channel
from tuyen_ingest import records
from tuyen_ingest.domain.pages import EVERYBODY, ConnectedPages, PagesAtAcceptance, ReplayScope
from tuyen_ingest.identity import SERVICE
from tuyen_ingest.ports import FollowedTopic, TokenUses
from tuyen_ingest.records import Owners, WebhookDelivery
from tuyen_platform import metrics
from tuyen_platform.dead_letters import list_frames, reason_of
from tuyen_platform.kafka.ports import Log, LogUnavailableError

_REFRESH_WITHIN_S = 1.0
_REFRESH_INTERVAL_S = 0.05
"""The log is asked at most twenty times a second for what was set up meanwhile, however many bodies
name unknown pages or have wrong signatures."""

_SHARE_OF_CHANNEL_TIMEOUT = 0.8
"""The part of the time for which a channel waits that an answer may take: the rest is for the
network, and for the body to arrive."""

_REFRESH_PART = 0.4
"""The part of an answer's time that reading the directory may take; the log needs the rest."""

_ERRORS_IN_A_LINE = 5

_log = structlog.get_logger()


class Accepted(NamedTuple):
    """The content of a body. `directory_is_current` is false if an unknown page that it names may
    have been connected meanwhile: the body is stored, and the channel must deliver it again for
    that page's events."""

    parsed: ParsedBody
    directory_is_current: bool


class AcceptedAgain(NamedTuple):
    """The content of a stored body when it is read again; `withheld` counts the parts of pages that
    belong to another organization now."""

    parsed: ParsedBody
    withheld: int


class Acceptance:
    """Turns bodies into records, with what is known of pages and posts.

    `within_s` is how long the log may take to acknowledge one body; less for a channel that does
    not wait so long for the answer (P2).
    """

    def __init__(
        self,
        *,
        log: Log,
        pages: ConnectedPages,
        directory: FollowedTopic,
        posts: LivePosts,
        tokens: TokenUses,
        within_s: float,
    ) -> None:
        self._log = log
        self._pages = pages
        self._tokens = tokens
        self._directory = directory
        self._posts = posts
        self._within_s = within_s

    async def accept(self, delivery: WebhookDelivery) -> Accepted:
        """Writes the body and all of its events, in the body's order and after the bodies that were
        accepted before (R9.3); returns once all of it is acknowledged.

        Raises LogUnavailableError; some of it may be in the log then, and gets the same ids when
        the channel delivers it again.
        """
        channel_limit_s = delivery.channel.answer_within_s * _SHARE_OF_CHANNEL_TIMEOUT
        within_s = min(self._within_s, channel_limit_s)
        until = asyncio.get_running_loop().time() + within_s
        pages = self._pages.of(delivery.channel.name)
        parsed, directory_is_current = self._parse(delivery, pages), True
        if parsed.unknown_pages:
            before = {page: pages.get(page) for page in parsed.pages}
            directory_is_current = await is_current(
                self._directory, min(_REFRESH_WITHIN_S, within_s * _REFRESH_PART)
            )
            if any(pages.get(page) != known for page, known in before.items()):
                parsed = self._parse(delivery, pages)
        left_s = until - asyncio.get_running_loop().time()
        owners = self._owners(delivery, parsed, directory_is_current=directory_is_current)
        await self._write(delivery, parsed, owners, left_s)
        return Accepted(parsed, directory_is_current or not parsed.unknown_pages)

    async def accept_again(
        self, delivery: WebhookDelivery, owners: Owners, readers: ReplayScope = EVERYBODY
    ) -> AcceptedAgain:
        """Reads a stored body, or a part of one, again and writes its events. Parts that cannot be
        read stay where they are, and what was written to a page that belongs to another
        organization now is not written. `owners` says to whom the pages belonged; only what belongs
        to `readers` is read."""
        then = delivery.accepted_at
        pages = PagesAtAcceptance(self._pages, delivery.channel.name, then, owners, readers)
        parsed = self._parse(delivery, pages)
        if readers != EVERYBODY:
            parsed.failures = [one for one in parsed.failures if one.page in pages]
        await self._write(delivery, parsed, None, self._within_s)
        withheld = sum(
            skipped.why is SkipReason.UNKNOWN_PAGE and skipped.what in pages.withheld
            for skipped in parsed.skipped
        )
        return AcceptedAgain(parsed, withheld)

    def concerns(
        self, channel: Channel, accepted_at: datetime, owners: Owners, readers: ReplayScope
    ) -> bool:
        """Whether one of the pages that a stored body names is read for `readers`, or withheld from
        them."""
        pages = PagesAtAcceptance(self._pages, channel, accepted_at, owners, readers)
        return any(page in pages for page in owners) or bool(pages.withheld)

    def _parse(self, delivery: WebhookDelivery, pages: Pages) -> ParsedBody:
        try:
            return delivery.channel.parse(
                delivery.body, delivery.accepted_at, pages, self._posts, delivery.account
            )
        except Exception as error:  # whatever the parser raises, the body is stored (P3)
            _log.error("parser_raised", delivery_id=delivery.id, raised_at=list_frames(error))
            text = delivery.body.decode("utf-8", "replace")
            return ParsedBody(failures=[FailedPart(delivery.account, text, reason_of(error))])

    def _owners(
        self, delivery: WebhookDelivery, parsed: ParsedBody, *, directory_is_current: bool
    ) -> Owners:
        """The organizations that the body's pages belong to. An unknown page belongs to none only
        if `directory_is_current`: otherwise it may have been connected a moment ago, and belongs to
        its owner when the body is read again."""
        name = delivery.channel.name
        owners = {page: self._pages.owner(name, page) for page in sorted(parsed.pages)}
        return (
            owners
            if directory_is_current
            else {page: owner for page, owner in owners.items() if owner}
        )

    async def _write(
        self, delivery: WebhookDelivery, parsed: ParsedBody, owners: Owners | None, within_s: float
    ) -> None:
        """Writes what the body says and, with `owners`, the body itself."""
        pending_records = [
            *records.encode_inbound_events(delivery, parsed),
            *records.encode_post_facts(delivery, parsed),
        ]
        if owners is not None:
            pending_records += records.encode_dead_letters(delivery, parsed, owners)
            pending_records.append(records.encode_raw_body(delivery, parsed.page, owners))
            pending_records += self._tokens.first_use(delivery.account)
            _log_failures(delivery, parsed)
        await self._log.append_all(pending_records, within_s=within_s)
        for key, fact in parsed.classified:
            self._posts.apply(key, fact)
        _count(delivery.channel.name, parsed)


async def is_current(table: FollowedTopic, within_s: float = _REFRESH_WITHIN_S) -> bool:
    """Whether the table reaches the present end of its topic within so many seconds, so that what
    it does not contain does not exist."""
    try:
        return await table.refresh(within_s, min_interval_s=_REFRESH_INTERVAL_S)
    except LogUnavailableError:
        return False


def _log_failures(delivery: WebhookDelivery, parsed: ParsedBody) -> None:
    if parsed.failures:
        _log.error(
            "parts_dead_lettered",
            channel=delivery.channel.name,
            delivery_id=delivery.id,
            parts=len(parsed.failures),
            errors=[failure.error for failure in parsed.failures[:_ERRORS_IN_A_LINE]],
        )


_accepted = cache(metrics.INBOUND_EVENTS.labels)  # finding the child costs more than counting


def _count(channel: str, parsed: ParsedBody) -> None:
    for normalized in parsed.events:
        _accepted(channel, normalized.event.type).inc()
    # A body of the largest size may contain millions, and each look-up takes microseconds.
    for why, updates in Counter(skipped.why for skipped in parsed.skipped).items():
        metrics.SKIPPED_UPDATES.labels(channel, why).inc(updates)
    if parsed.failures:
        metrics.DEAD_LETTERS_TOTAL.labels(SERVICE).inc(len(parsed.failures))
