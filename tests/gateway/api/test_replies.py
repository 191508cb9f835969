"""Replies (I6): what is requested of the channel, and what is refused."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from gateway.outbox import Outbox, messages_of, reply
from gateway.rig import Rig, User, running
from tuyen_events.ids import ConversationId, MessageId
from tuyen_events.outbound import OutboundAction
from tuyen_events.vocabulary import ConversationKind
from tuyen_gateway.adapters.progress import ViewProgress
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.errors import UnavailableError
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import LogUnavailableError, ProducerRecord, RecordMetadata
from tuyen_platform.mongodb import Database


async def test_i6_the_request_in_the_log_says_all_that_a_channel_needs(
    owner: User, thread: ConversationId, outbox: Outbox
) -> None:
    quoted = (await messages_of(owner, thread))[0]["id"]
    await reply(owner, thread, text="Dạ", reply_to=quoted)
    request = await outbox.last()
    assert (request.action, request.kind) == (OutboundAction.SEND, ConversationKind.MESSAGE)
    assert (request.customer_external_id, request.customer_name) == ("lan", "Lan")
    assert (request.reply_to, request.reply_to_external_id) == (quoted, "mid-in")
    assert (request.by, request.client_id, request.text) == ("admin", "k1", "Dạ")
    assert (request.channel, request.page_id, request.human_agent) == ("facebook", "page", False)


async def test_i6_the_same_key_is_the_same_reply_and_sends_nothing_again(
    owner: User, thread: ConversationId, outbox: Outbox
) -> None:
    first = await reply(owner, thread, text="Dạ")
    await outbox.accept("mid-1")
    await messages_of(owner, thread)
    again = await reply(owner, thread, text="Dạ")
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.json()["state"] == "sent"
    other = await reply(owner, thread, text="Khác")
    assert other.status_code == 409
    assert len(await outbox.requests()) == 1
    assert (await reply(owner, thread, key="k2", text="Khác")).status_code == 202


async def test_i6_a_reply_is_pending_in_its_answer_however_soon_it_is_sent(
    desk: Rig,
    owner: User,
    thread: ConversationId,
    outbox: Outbox,
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request_reply = desk.gateway.replies.request

    async def request_and_send(*given: Any) -> None:
        await request_reply(*given)
        await outbox.accept("mid-1")

    monkeypatch.setattr(desk.gateway.replies, "request", request_and_send)
    answer = (await reply(owner, thread, text="Dạ")).json()
    assert (answer["state"], answer["external_id"]) == ("pending", None)
    shown = (await messages_of(owner, thread))[-1]
    assert (shown["id"], shown["state"]) == (answer["id"], "sent")
    assert shown["revision"] > answer["revision"]
    assert (await reply(owner, thread, text="Dạ")).json()["state"] == "sent"


async def test_i13_a_write_says_the_version_for_which_reads_can_wait(
    owner: User, thread: ConversationId, outbox: Outbox
) -> None:
    sent = await reply(owner, thread, text="Dạ")
    version = sent.headers["ETag"].strip('"')
    at = f"/v1/conversations/{thread}"
    shown = await owner.done("GET", f"{at}/messages?after={version}")
    assert shown["items"][-1]["id"] == sent.json()["id"]
    for path in (f"{at}?after={version}", f"{at}/window?after={version}", "/v1/posts?after=0"):
        await owner.done("GET", path)
    await outbox.refuse()
    await messages_of(owner, thread)
    again = await owner.post(f"{at}/messages/{sent.json()['id']}/retry")
    assert again.headers["ETag"] == sent.headers["ETag"]
    cancelled = await owner.delete(f"{at}/messages/{sent.json()['id']}")
    assert cancelled.headers["ETag"] == sent.headers["ETag"]


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
async def test_i6_a_blank_text_is_no_reply(owner: User, thread: ConversationId, text: str) -> None:
    assert (await reply(owner, thread, text=text)).status_code == 422


async def test_i6_of_two_gateways_with_one_key_one_reply_counts(
    owner: User,
    thread: ConversationId,
    outbox: Outbox,
    *,
    log: InMemoryLog,
    clock: ManualClock,
    views: Database,
) -> None:
    async with running(log, clock, views, projecting=False, jwt_key="k" * 32) as other:
        there = User(other.client, owner.token)
        same = await asyncio.gather(
            reply(owner, thread, text="Dạ"), reply(there, thread, text="Dạ")
        )
        assert [one.status_code for one in same] == [202, 202]
        assert same[0].json() == same[1].json()
        different = await asyncio.gather(
            reply(owner, thread, key="k2", text="Một"), reply(there, thread, key="k2", text="Hai")
        )
    assert sorted(one.status_code for one in different) == [202, 409]
    (accepted,) = (one.json() for one in different if one.status_code == 202)
    assert len({one.request_id for one in await outbox.requests()}) == 2
    assert accepted["text"] == (await messages_of(owner, thread))[-1]["text"]


@pytest.mark.parametrize("key", [None, b"", b"k" * 65, b"a b", b"\xf1"])
async def test_i6_a_key_is_required_and_bounded(
    owner: User, thread: ConversationId, key: bytes | None
) -> None:
    headers = [(b"Authorization", f"Bearer {owner.token}".encode())]
    headers += [] if key is None else [(b"Idempotency-Key", key)]
    path = f"/v1/conversations/{thread}/messages"
    answer = await owner.client.post(path, json={"text": "Dạ"}, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"].lower() == "header.idempotency-key"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body.text"),
        ({"text": ""}, "body.text"),
        ({"text": "x" * 2_001}, "body.text"),
        ({"text": "a", "reply_to": "m_none"}, "body.reply_to"),
        ({"text": "a", "private": True}, "body.private"),
        ({"text": "a", "template_id": "t"}, "body.template_id"),
        ({"template_id": "none"}, "body.template_id"),
        ({"attachment_ids": ["att_none"]}, "body.attachment_ids"),
        ({"attachment_ids": [f"a{n}" for n in range(11)]}, "body.attachment_ids"),
    ],
)
async def test_i6_what_cannot_be_sent_is_refused(
    owner: User, thread: ConversationId, outbox: Outbox, body: dict[str, Any], field: str
) -> None:
    answer = await reply(owner, thread, **body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert await outbox.events() == []


async def test_i7_a_template_is_sent_with_the_names_filled_in(
    owner: User, thread: ConversationId, outbox: Outbox
) -> None:
    text = "Chào {{customer.name}}, em là {{agent.name}} ạ!"
    await owner.done("PUT", "/v1/templates/hi", {"title": "Chào", "text": text})
    answer = await reply(owner, thread, template_id="hi")
    assert answer.json()["text"] == "Chào Lan, em là boss ạ!"
    assert (await outbox.last()).text == "Chào Lan, em là boss ạ!"
    await owner.done("PUT", "/v1/templates/hi", {"title": "Chào", "text": "Khác"})
    assert (await reply(owner, thread, template_id="hi")).json()["text"] == answer.json()["text"]


async def test_i6_a_stored_file_is_sent_by_whoever_may_see_it(
    desk: Rig, owner: User, thread: ConversationId, outbox: Outbox
) -> None:
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 100
    stored = await owner.client.post(
        "/v1/attachments",
        files={"file": ("ao.png", png, "image/png")},
        headers={"Authorization": f"Bearer {owner.token}"},
    )
    file = stored.json()
    minh = await desk.staff(owner, "minh")
    other = await reply(minh, thread, key="k2", attachment_ids=[file["id"]])
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "body.attachment_ids")
    answer = await reply(owner, thread, attachment_ids=[file["id"]])
    assert answer.status_code == 202
    (shown,) = answer.json()["attachments"]
    assert (shown["kind"], shown["url"], shown["title"]) == ("image", file["url"], "ao.png")
    (attached,) = (await outbox.last()).attachments
    assert (attached.id, attached.size) == (file["id"], len(png))
    row = await owner.done("GET", f"/v1/conversations/{thread}?after=0")
    assert row["last_text"] == "[image]"
    assert (await reply(minh, thread, key="k2", attachment_ids=[file["id"]])).status_code == 202


async def test_i6_what_is_in_the_log_is_accepted_while_the_views_are_behind(
    desk: Rig, owner: User, thread: ConversationId, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that an agent wrote is lost, or answered with an error, by a view that is slow."""

    async def behind(*_: object) -> None:
        raise UnavailableError("The inbox has not yet folded all that was written: try again.")

    async def find_nothing(*_: object) -> dict[MessageId, Message]:
        return {}

    with monkeypatch.context() as slow:
        slow.setattr(ViewProgress, "show", behind)
        slow.setattr(desk.gateway.replies, "find", find_nothing)
        first, again = [await reply(owner, thread, text="Dạ") for _ in range(2)]
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert (first.json()["state"], first.json()["text"]) == ("pending", "Dạ")
    (shown,) = [one for one in await messages_of(owner, thread) if one["direction"] == "out"]
    assert (shown["id"], shown["text"]) == (first.json()["id"], "Dạ")
    assert len({one.request_id for one in await outbox.requests()}) == 1


async def test_i6_a_repetition_and_a_cancellation_are_answered_so_while_the_views_are_behind(
    owner: User, thread: ConversationId, outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = (await reply(owner, thread, text="Dạ")).json()
    path = f"/v1/conversations/{thread}/messages/{sent['id']}"

    async def behind(*_: object) -> None:
        raise UnavailableError("The inbox has not yet folded all that was written: try again.")

    async def keep_back(
        log: InMemoryLog, records: Sequence[ProducerRecord]
    ) -> list[RecordMetadata]:
        """What is written is not folded yet."""
        return [RecordMetadata(one.partition or 0, 0) for one in records]

    with monkeypatch.context() as slow:
        slow.setattr(ViewProgress, "show", behind)
        slow.setattr(InMemoryLog, "append_all", keep_back)
        cancelled = await owner.delete(path)
    assert (cancelled.status_code, cancelled.json()["state"]) == (202, "removed")
    await outbox.refuse()
    await messages_of(owner, thread)
    with monkeypatch.context() as slow:
        slow.setattr(ViewProgress, "show", behind)
        slow.setattr(InMemoryLog, "append_all", keep_back)
        again = await owner.post(f"{path}/retry")
    assert (again.status_code, again.json()["state"]) == (202, "pending")


async def test_i6_a_request_that_cannot_be_served_says_when_to_repeat_it(
    owner: User, thread: ConversationId, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unavailable(*_: object) -> None:
        raise LogUnavailableError("away")

    monkeypatch.setattr(InMemoryLog, "append_all", unavailable)
    answer = await reply(owner, thread, text="Dạ")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
