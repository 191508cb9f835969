"""Every body that Facebook is known to send, through the front door to the inbox."""

from collections.abc import Mapping

from support.facebook import PAGE, payload, payload_names
from support.shop import Json, Shop, eventually, is_owned_by
from tuyen_events.catalogue import EVENT_TYPES
from tuyen_events.codec import find_header
from tuyen_events.inbound import InboundEvent
from tuyen_events.topic import Topic
from tuyen_events.topics import DEAD_LETTERS, INBOUND, RAW
from tuyen_local.stack import Stack
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.ports import Record

ROOT = "332029982914750_759878495960329"
CUSTOMER = "6700000000000001"
ABSENT_FROM_THE_SAMPLES = {
    "customer.described.v1",
    "customer.followed.v1",
    "customer.unfollowed.v1",
    "post.described.v1",
    "post.edited.v1",
}


async def _records(stack: Stack, topic: Topic) -> list[Record]:
    found: list[Record] = []
    async with KafkaLog(stack.kafka, stack.settings.topic_prefix) as log, log.tail(topic) as tail:
        async for batch in tail.batches():
            found += [record for records in batch.values() for record in records]
            if tail.is_caught_up:
                return found
    raise AssertionError("a tail has no end")


def _by_external_id(thread: list[Json]) -> Mapping[str, Json]:
    return {each["external_id"]: each for each in thread}


async def test_p3_every_body_is_kept_and_what_it_says_is_in_the_inbox(
    stack: Stack, shop: Shop
) -> None:
    await shop.hire("an", "binh")
    await shop.assign_by("an", "binh")
    page = shop.facebook.page.encode()
    bodies = [payload(name).replace(PAGE.encode(), page) for name in payload_names()]

    for body in (*bodies, *bodies):
        assert (await shop.facebook.send_raw(body)).status_code == 200

    raw = {record.value for record in await _records(stack, RAW)}
    assert raw >= set(bodies)
    mine = [
        each for each in await _records(stack, INBOUND) if shop.id in (each.key or b"").decode()
    ]
    types = {(find_header(each.headers, "ce_type") or b"").decode() for each in mine}
    known = {name for name, cls in EVENT_TYPES.items() if issubclass(cls, InboundEvent)}
    assert types == known - ABSENT_FROM_THE_SAMPLES
    letters = [each.value or b"" for each in await _records(stack, DEAD_LETTERS)]
    assert not any(page in each for each in letters)
    await _the_thread_is_whole(shop)
    await _the_comment_is_gone_and_its_replies_are_there(shop)
    await _the_comment_has_one_owner_although_its_author_was_not_always_told(shop)


async def _the_thread_is_whole(shop: Shop) -> None:
    prefix = "m_G7806MxRRtEYRbaFW9DwQhGzibAfjF_0k8aXBtCrvhCCBUkL2hQxQYVrwMAV-"
    row = await shop.row(CUSTOMER, lambda row: row["assignee"] is not None, kind="message")
    thread: Mapping[str, Json] = {}

    async def all_there() -> bool:
        nonlocal thread
        thread = _by_external_id(await shop.messages(row["id"]))
        return {prefix + number for number in ("0001", "0020", "0030", "0060")} <= thread.keys()

    await eventually(all_there, lambda: str(sorted(thread)))
    assert thread[f"{prefix}0001"]["state"] == "removed"
    assert thread[f"{prefix}0001"]["text"] is None
    assert thread[f"{prefix}0020"]["direction"] == "out"
    assert thread[f"{prefix}0030"]["text"] == "Xem giỏ hàng"
    assert len(await shop.history(row["id"])) == 1


async def _the_comment_is_gone_and_its_replies_are_there(shop: Shop) -> None:
    row = await shop.row(ROOT, lambda row: row["assignee"] is not None, kind="comment")
    thread: Mapping[str, Json] = {}

    async def all_there() -> bool:
        nonlocal thread
        thread = _by_external_id(await shop.messages(row["id"]))
        return len(thread) >= 3 and thread[ROOT]["state"] == "removed"

    await eventually(all_there, lambda: str(thread))
    by_the_page = thread["332029982914750_759878495960331"]
    assert (by_the_page["direction"], by_the_page["text"]) == ("out", "Dạ 199k ạ")
    assert thread["332029982914750_759878495960330"]["direction"] == "in"


async def _the_comment_has_one_owner_although_its_author_was_not_always_told(shop: Shop) -> None:
    row = await shop.row(ROOT, lambda row: row["assignee"] is not None, kind="comment")
    other = {"an": "binh", "binh": "an"}[row["assignee"]["agent_id"]]

    await shop.admin.put(f"/v1/conversations/{row['id']}/assignee", agent_id=other)

    row = await shop.row(ROOT, is_owned_by(other), kind="comment")
    assert [each["version"] for each in await shop.history(row["id"])] == [2, 1]
    assert row["customer"]["name"] == "Nguyen Van A"
