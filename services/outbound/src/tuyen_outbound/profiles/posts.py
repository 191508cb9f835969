"""Says in the log what a channel answered about a post."""

import structlog

from tuyen_channels.live_posts import name_answer
from tuyen_channels.posts import PostDetails
from tuyen_events.event import Envelope
from tuyen_events.ids import customer_key, derive_event_id
from tuyen_events.topics import INBOUND, POSTS
from tuyen_events.vocabulary import Moment
from tuyen_outbound.domain.posts import WantedPost, build_post_description, classify_post
from tuyen_outbound.identity import SOURCE
from tuyen_platform.kafka.ports import Log

_log = structlog.get_logger()


async def publish_post(log: Log, wanted: WantedPost, found: PostDetails, now: Moment) -> None:
    """Returns once the log says what the post is, and ingest will know whether it is a livestream.
    Can be repeated."""
    classified = classify_post(wanted, found, now)
    if classified is not None:
        key = name_answer(wanted.caused_by, wanted.attempts)
        envelope = Envelope(
            id=derive_event_id(wanted.caused_by, classified.type, str(wanted.attempts)),
            source=SOURCE,
            subject=wanted.external_id,
            time=now,
            data=classified,
        )
        await log.append(POSTS, f"{wanted.organization}/{wanted.page_id}/{key}", envelope)
    described = build_post_description(wanted, found, now)
    envelope = Envelope(
        id=derive_event_id(wanted.caused_by, described.type),
        source=SOURCE,
        subject=wanted.external_id,
        time=now,
        data=described,
    )
    place = customer_key(wanted.organization, wanted.page_id, f"post:{wanted.external_id}")
    await log.append(INBOUND, place, envelope)
    _log.info(
        "post_described",
        event_id=envelope.id,
        organization=wanted.organization,
        page_id=wanted.page_id,
        post=wanted.external_id,
        livestream=found.livestream,
    )
