"""Uploads that nobody sent are removed after a day, and the oldest files beyond the quota."""

from collections.abc import AsyncIterator
from datetime import timedelta

from gateway.rig import START, running
from tuyen_attachments.memory import InMemoryAttachments
from tuyen_attachments.ports import NewAttachment
from tuyen_events.file_limits import UPLOADS_UNUSED_S
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.outbound import AttachmentId
from tuyen_gateway.jobs.attachment_cleanup import remove_once
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

SHOP = OrganizationId("shop")
IDS = [AttachmentId("att_old"), AttachmentId("att_used"), AttachmentId("att_new")]


async def content() -> AsyncIterator[bytes]:
    yield b"x" * 1024


async def test_i6_what_was_not_sent_within_a_day_is_removed(
    log: InMemoryLog, clock: ManualClock
) -> None:
    store = InMemoryAttachments()
    for number, identity in enumerate(IDS):
        new = NewAttachment(
            id=identity,
            organization=SHOP,
            kind="file",
            content_type="text/plain",
            uploaded_by=AgentId("lan"),
            created_at=START + timedelta(minutes=number),
        )
        await store.add(new, content())
    await store.note_use(SHOP, [IDS[1]], ConversationId("msg_1"))
    async with running(log, clock, attachment_gb=2048 / 1024**3) as rig:
        clock.advance(timedelta(seconds=UPLOADS_UNUSED_S, minutes=1))
        await remove_once(rig.gateway, store)
        assert (await store.find(SHOP, IDS)).keys() == {IDS[1], IDS[2]}
    async with running(log, clock, attachment_gb=1024 / 1024**3) as rig:
        await remove_once(rig.gateway, store)
        assert (await store.find(SHOP, IDS)).keys() == {IDS[2]}
