"""L4: pictures of visitors: what they are, where they are stored, and who gets them."""

from collections.abc import AsyncIterator

import pytest

from ingest.rig import HOA_SEN, connect_site, envelopes
from ingest.thread_events import replied, settled
from ingest.visitor_rig import BASE, VisitorRig
from tuyen_attachments.ports import NewAttachment
from tuyen_events import visitor_limits as limits
from tuyen_events.inbound import MessageReceived
from tuyen_events.media import attachment_url
from tuyen_events.outbound import AttachmentId
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topics import INBOUND
from tuyen_platform.error_causes import ContendedError
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import LogUnavailableError

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 100


async def test_l4_a_picture_is_stored_and_is_a_message(
    visitor: VisitorRig, log: InMemoryLog
) -> None:
    answer = await visitor.send_picture(PNG, name="giày.png", department="sales")
    assert answer.status_code == 200
    (envelope,) = await envelopes(log, INBOUND)
    event = envelope.data
    assert isinstance(event, MessageReceived)
    assert answer.json() == {"id": event.message_id}
    (attachment,) = event.attachments
    stored_id = AttachmentId((attachment.url or "").rpartition("/")[2])
    assert (attachment.kind, attachment.url) == ("image", attachment_url(stored_id))
    opened = await visitor.attachments.open(HOA_SEN, stored_id)
    assert opened is not None
    stored = opened.attachment
    assert (stored.content_type, stored.name) == ("image/png", "giày.png")
    assert stored.message_id == event.message_id  # so that agents see it (R7)
    assert event.visit is not None
    assert event.visit.department == "sales"


@pytest.mark.parametrize(
    "content", [b"", b"<html><script>alert(1)</script>", b"<svg/>", b"%PDF-1.7", b"GIF", b"\0" * 9]
)
async def test_l4_what_is_no_picture_is_422(
    visitor: VisitorRig, log: InMemoryLog, content: bytes
) -> None:
    assert (await visitor.send_picture(content)).status_code == 422
    assert await envelopes(log, INBOUND) == []


async def test_l4_a_picture_has_so_many_bytes(visitor: VisitorRig, log: InMemoryLog) -> None:
    large = PNG + b"\0" * limits.VISITOR_PICTURE_BYTES
    assert (await visitor.send_picture(large)).status_code == 413

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 1 << 20):
            yield large[start : start + (1 << 20)]

    answer = await visitor.ask(
        "POST", "pictures", params={"client_id": "p2"}, content=parts()
    )  # without Content-Length
    assert answer.status_code == 413
    assert await envelopes(log, INBOUND) == []


async def test_l4_the_visitor_sees_the_picture_at_an_address_that_needs_no_token(
    visitor: VisitorRig,
) -> None:
    await visitor.send_picture(PNG, name="giày.png")
    (message,) = (await visitor.has_thread(1))["messages"]
    (file,) = message["attachments"]
    assert (file["kind"], file["name"]) == ("image", "giày.png")
    answer = await visitor.http.get(f"{BASE}/{file['url']}")
    assert answer.status_code == 200
    assert answer.content == PNG
    headers = answer.headers
    assert headers["content-type"] == "image/png"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-disposition"].startswith("inline")
    assert headers["cross-origin-resource-policy"] == "cross-origin"


async def test_l4_an_agents_file_is_downloaded_unless_it_is_a_picture(
    visitor: VisitorRig,
) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield b"gia: 100"

    new = NewAttachment(
        id=AttachmentId("att_1"),
        organization=HOA_SEN,
        kind="file",
        content_type="text/plain",
        name="gia.txt",
        created_at=visitor.clock.now(),
    )
    await visitor.attachments.add(new, content())
    await visitor.write()
    await visitor.has_thread(1)
    reply = replied(1, conversation_id=visitor.conversation, at=0)
    await visitor.append(OUTBOUND, reply, visitor.conversation)
    await visitor.append(OUTBOUND_RESULTS, settled(reply), visitor.conversation)
    view = await visitor.has_thread(2)
    url = next(one for one in view["messages"] if one["attachments"])["attachments"][0]["url"]
    answer = await visitor.http.get(f"{BASE}/{url}")
    assert answer.content == b"gia: 100"
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_r9_5_a_file_is_none_of_another_page(visitor: VisitorRig, log: InMemoryLog) -> None:
    await visitor.send_picture(PNG)
    (message,) = (await visitor.has_thread(1))["messages"]
    url = message["attachments"][0]["url"]
    await connect_site(log, "app_second", "second")
    answer = await visitor.http.get(f"/livechat/app_second/{url}")
    assert answer.status_code == 404


async def test_l4_r9_1_a_picture_whose_message_was_lost_is_completed_by_sending_it_again(
    visitor: VisitorRig, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise LogUnavailableError("gone")

    with monkeypatch.context() as broken:
        broken.setattr(log, "append_all", fail)
        assert (await visitor.send_picture(PNG)).status_code == 503
    first = await visitor.send_picture(PNG)
    again = await visitor.send_picture(PNG)
    assert first.status_code == 200
    assert first.json() == again.json()
    ids = {envelope.id for envelope in await envelopes(log, INBOUND)}
    assert len(ids) == 1


async def test_l4_a_picture_that_is_sent_twice_at_once_can_be_sent_again(
    visitor: VisitorRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request broke off, and took with it what the second one had stored."""

    async def fail(*_: object) -> None:
        raise ContendedError("parts")

    with monkeypatch.context() as broken:
        broken.setattr(visitor.attachments, "add", fail)
        assert (await visitor.send_picture(PNG)).status_code == 503
    assert (await visitor.send_picture(PNG)).status_code == 200


async def test_r9_5_a_visitor_sends_so_many_pictures(visitor: VisitorRig) -> None:
    statuses = [
        (await visitor.send_picture(PNG, client_id=f"p{number}")).status_code
        for number in range(limits.VISITOR_PICTURES + 1)
    ]
    assert set(statuses[:-1]) == {200}
    assert statuses[-1] == 429


@pytest.mark.parametrize("query", [{"client_id": ""}, {"department": "x" * 300}])
async def test_l4_an_odd_query_is_422(visitor: VisitorRig, query: dict[str, str]) -> None:
    assert (await visitor.send_picture(PNG, **query)).status_code == 422
