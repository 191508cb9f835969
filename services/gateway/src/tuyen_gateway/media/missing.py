"""Publishes that a medium cannot be stored."""

from tuyen_events.event import Envelope
from tuyen_events.ids import derive_event_id
from tuyen_events.media import MediaMissed, MissedReason
from tuyen_events.outbound_topics import MEDIA
from tuyen_gateway.domain.media import WaitingMedium
from tuyen_gateway.identity import SOURCE
from tuyen_platform.kafka.ports import Log


async def report_missed(log: Log, medium: WaitingMedium, reason: MissedReason) -> None:
    """Appends that a medium of a message is missed, so that its thread shows it. The picture of a
    post keeps its address at the channel. Can be repeated."""
    if medium.post_external_id is not None:
        return
    event = MediaMissed(
        organization=medium.organization,
        page_id=medium.page_id,
        message_id=medium.message_id,
        media=(medium.id,),
        reason=reason,
        at=medium.accepted_at,
    )
    envelope = Envelope(
        id=derive_event_id(medium.id, event.type),
        source=SOURCE,
        subject=medium.message_id,
        time=medium.accepted_at,
        data=event,
    )
    await log.append(MEDIA, medium.message_id, envelope, partition=medium.partition)
