"""Turns one body into records for the log.

Decides P4.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from tuyen_channels.live_posts import PostRecordRemoved
from tuyen_channels.ports import FailedPart, ParsedBody, WebhookChannel
from tuyen_events.codec import encode, encode_time
from tuyen_events.dead_letters import DeadLettered
from tuyen_events.event import Envelope
from tuyen_events.ids import OrganizationId, PageId, derive_event_id
from tuyen_events.limits import EVENT_BYTES
from tuyen_events.posts import FORGOTTEN_TYPE, PostClassified, ReplyPlaced
from tuyen_events.topics import DEAD_LETTERS, INBOUND, POSTS, RAW
from tuyen_ingest.identity import SERVICE, SOURCE
from tuyen_platform.dead_letters import within_bounds
from tuyen_platform.kafka.ports import ProducerRecord

DELIVERY_ID, CHANNEL, ACCEPTED_AT = "delivery_id", "channel", "accepted_at"
ACCOUNT, OWNERS = "account", "owners"
"""The headers of a raw body; the account is omitted if it is empty. `owners` is a JSON object: by
the id of each page that the body names, to whom it belonged, as in `Owners`."""

_OWNERS_BYTES = 1024 * 1024

Owners = Mapping[str, str]
"""The owner of each page when the body was accepted, by the page's id at its channel:
`organization/page`, or empty for none. A page whose owner was not known is left out."""


class WebhookDelivery(NamedTuple):
    """One authentic body, and the account whose webhook received it, if accounts have their own.
    The same bytes at the same address have the same id, whenever they arrive."""

    id: str
    channel: WebhookChannel
    body: bytes
    accepted_at: datetime
    account: str = ""


def delivery_of(
    channel: WebhookChannel, body: bytes, accepted_at: datetime, account: str = ""
) -> WebhookDelivery:
    """The body with its id."""
    digest = blake2b(body, digest_size=12)
    if account:
        digest.update(b"\0" + account.encode())
    return WebhookDelivery("dlv_" + digest.hexdigest(), channel, body, accepted_at, account)


def encode_raw_body(delivery: WebhookDelivery, page: str, owners: Owners) -> ProducerRecord:
    """The body, byte for byte (P3), and to whom its pages belonged."""
    headers = [
        (DELIVERY_ID, delivery.id.encode()),
        (CHANNEL, delivery.channel.name.encode()),
        (ACCEPTED_AT, encode_time(delivery.accepted_at)),
        (OWNERS, _encode_owners(owners)),
    ]
    if delivery.account:
        headers.append((ACCOUNT, delivery.account.encode()))
    return ProducerRecord(RAW, page or delivery.channel.name, delivery.body, headers)


def _encode_owners(owners: Owners) -> bytes:
    """The owners as a header. If a body names more pages than any channel sends, those that belong
    to nobody are left out: together with a body of the largest size the log would not accept them
    all."""
    encoded = msgspec.json.encode(owners)
    if len(encoded) <= _OWNERS_BYTES:
        return encoded
    return msgspec.json.encode({page: owner for page, owner in owners.items() if owner})


def encode_inbound_events(
    delivery: WebhookDelivery, parsed: ParsedBody
) -> Iterator[ProducerRecord]:
    """The normalized events. Their times of acceptance are a microsecond apart, in the body's
    order, so that events with the same time at the channel keep this order. An event that is too
    large for the log becomes a failure of its own page, which may be another organization's than
    the body's first one."""
    kept = []
    for place, normalized in enumerate(parsed.events):
        accepted_at = normalized.event.accepted_at + timedelta(microseconds=place)
        value, headers = encode(
            Envelope(
                id=normalized.id,
                source=SOURCE,
                subject=normalized.subject,
                time=delivery.accepted_at,
                data=msgspec.structs.replace(normalized.event, accepted_at=accepted_at),
            )
        )
        if len(value) > EVENT_BYTES:
            cause = f"the event has {len(value)} bytes; the limit is {EVENT_BYTES}"
            parsed.failures.append(
                FailedPart(normalized.page, f"{normalized.id} in {delivery.id}", cause)
            )
            continue
        kept.append(normalized)
        yield ProducerRecord(INBOUND, normalized.key, value, headers)
    parsed.events = kept


def encode_post_facts(delivery: WebhookDelivery, parsed: ParsedBody) -> Iterator[ProducerRecord]:
    """The facts about posts in the body."""
    for key, fact in parsed.classified:
        page = f"{fact.organization}/{fact.page_id}"
        if isinstance(fact, PostRecordRemoved):
            yield build_tombstone(fact.organization, fact.page_id, key)
            continue
        envelope = Envelope(
            id=derive_event_id(delivery.id, page, key),
            source=SOURCE,
            subject=_name_subject(fact) or key,
            time=delivery.accepted_at,
            data=fact,
        )
        yield ProducerRecord(POSTS, f"{page}/{key}", *encode(envelope))


def build_tombstone(organization: OrganizationId, page: PageId, key: str) -> ProducerRecord:
    """The tombstone for `key` of a page."""
    headers = [("ce_type", FORGOTTEN_TYPE.encode())]
    return ProducerRecord(POSTS, f"{organization}/{page}/{key}", None, headers)


def _name_subject(fact: PostClassified | ReplyPlaced) -> str | None:
    return fact.post_external_id if isinstance(fact, PostClassified) else fact.comment_external_id


def encode_dead_letters(
    delivery: WebhookDelivery, parsed: ParsedBody, owners: Owners
) -> Iterator[ProducerRecord]:
    """The parts that could not be read (P4), and to whom they belong."""
    for number, failure in enumerate(parsed.failures):
        envelope = Envelope(
            id=derive_event_id(delivery.id, "failure", str(number)),
            source=SOURCE,
            subject=delivery.id,
            time=delivery.accepted_at,
            data=within_bounds(
                DeadLettered(
                    service=SERVICE,
                    origin=delivery.channel.name,
                    delivery_id=delivery.id,
                    error=failure.error,
                    payload=failure.payload,
                    at=delivery.accepted_at,
                    account=delivery.account,
                    owners={page: owners[page] for page in (failure.page,) if page in owners},
                )
            ),
        )
        yield ProducerRecord(DEAD_LETTERS, failure.page or delivery.channel.name, *encode(envelope))
