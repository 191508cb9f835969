"""R9.5: what one organization's people read and upload leaves room for the others."""

from collections.abc import AsyncIterator

import pytest

from outbound.asking import MOMENT
from tuyen_attachments.memory import InMemoryAttachments
from tuyen_attachments.ports import NewAttachment
from tuyen_events.ids import OrganizationId
from tuyen_events.outbound import AttachmentId
from tuyen_gateway.adapters import attachments
from tuyen_gateway.adapters.attachments import AttachmentsInTurn
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.errors import TooManyAttemptsError


async def store_files(*organizations: str) -> AttachmentsInTurn:
    """Each organization has a file, named as itself."""
    store = AttachmentsInTurn(InMemoryAttachments(), ReadLimiter())

    async def content() -> AsyncIterator[bytes]:
        yield bytes(1_000_000)

    for name in organizations:
        new = NewAttachment(
            id=AttachmentId(name),
            organization=OrganizationId(name),
            kind="file",
            content_type="application/pdf",
            created_at=MOMENT,
        )
        await store.add(new, content())
    return store


async def begin(store: AttachmentsInTurn, organization: str) -> AsyncIterator[bytes]:
    """A reader who has taken the first part."""
    opened = await store.open(OrganizationId(organization), AttachmentId(organization))
    assert opened is not None
    parts = opened.read_all()
    assert await anext(parts)
    return parts


async def test_r9_5_so_many_files_of_an_organization_are_read_at_the_same_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A reader who takes nothing keeps a part of a file in memory for as long as they like."""
    monkeypatch.setattr(attachments, "DOWNLOADS_AT_ONCE_OF_ORGANIZATION", 2)
    store = await store_files("greedy", "modest")
    first, second = await begin(store, "greedy"), await begin(store, "greedy")
    with pytest.raises(TooManyAttemptsError):
        await begin(store, "greedy")
    assert await begin(store, "modest")
    assert [part async for part in first]
    assert await begin(store, "greedy")
    assert [part async for part in second]
