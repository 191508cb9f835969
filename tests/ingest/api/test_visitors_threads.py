"""L4: a visitor sees replies, who answers and who writes, at once and after coming back."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ingest.rig import HOA_SEN, START, envelopes
from ingest.thread_events import assigned, replied, settled
from ingest.visitor_rig import BASE, VisitorRig, of_hoa_sen, site_page
from support.organizations import department, region
from support.processes import eventually, until
from tuyen_events import visitor_limits as limits
from tuyen_events.ids import AgentId
from tuyen_events.inbound import MessagesSeen
from tuyen_events.outbound import OutboundRequested
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topics import ASSIGNMENTS, INBOUND, VIEWING
from tuyen_events.viewing import ConversationViewed


def reply_of(rig: VisitorRig, number: int = 1, **changed: Any) -> OutboundRequested:
    at = rig.clock.now() + timedelta(seconds=1)
    return replied(number, conversation_id=rig.conversation, **{"at": at, **changed})


async def answer(rig: VisitorRig, reply: OutboundRequested) -> None:
    """What the gateway and the outbound service write when an agent answers."""
    await rig.append(OUTBOUND, reply, rig.conversation)
    await rig.append(OUTBOUND_RESULTS, settled(reply), rig.conversation)


async def test_l4_a_thread_is_empty_and_then_has_what_was_written(visitor: VisitorRig) -> None:
    assert (await visitor.thread())["messages"] == []
    written = (await visitor.write()).json()["id"]
    (message,) = (await visitor.has_thread(1))["messages"]
    assert message["id"] == written
    assert (message["direction"], message["text"]) == ("out", "Còn size 42 không?")
    assert message["agent"] is None


async def test_l4_a_reply_reaches_a_visitor_who_waits(visitor: VisitorRig) -> None:
    await visitor.write()
    before = await visitor.has_thread(1)
    waiting = asyncio.create_task(visitor.thread(before["version"], wait=20))
    await until(lambda: bool(vars(visitor.signals)["_watches"]))
    await answer(visitor, reply_of(visitor))
    view = await asyncio.wait_for(waiting, 10)
    _, reply = view["messages"]
    assert (reply["direction"], reply["text"]) == ("in", "dạ 1")
    assert reply["agent"] == view["agent"] == {"name": "Lan"}
    assert reply["attachments"][0]["name"] == "gia.png"


async def test_l4_a_reply_that_was_not_sent_is_not_shown(visitor: VisitorRig) -> None:
    await visitor.write()
    await visitor.append(OUTBOUND, reply_of(visitor), visitor.conversation)
    second = reply_of(visitor, 2)
    await answer(visitor, second)
    view = await visitor.has_thread(2)
    assert [one["text"] for one in view["messages"]] == ["Còn size 42 không?", "dạ 2"]


async def test_l4_who_comes_back_with_an_old_version_gets_the_thread_at_once(
    visitor: VisitorRig,
) -> None:
    await visitor.write()
    before = await visitor.has_thread(1)
    await answer(visitor, reply_of(visitor))
    await visitor.has_thread(2)
    returned = await visitor.open()
    view = await asyncio.wait_for(returned.thread(before["version"], wait=20), 5)
    assert len(view["messages"]) == 2


async def test_l4_without_anything_new_the_answer_waits_as_long_as_wanted(
    visitor: VisitorRig,
) -> None:
    version = (await visitor.thread())["version"]
    started = time.monotonic()
    assert (await visitor.thread(version, wait=0.3))["version"] == version
    assert time.monotonic() - started >= 0.3


async def test_l4_a_stop_answers_those_who_wait(visitor: VisitorRig) -> None:
    version = (await visitor.thread())["version"]
    waiting = asyncio.create_task(visitor.thread(version, wait=20))
    await until(lambda: bool(vars(visitor.signals)["_watches"]))
    visitor.signals.stop()
    assert (await asyncio.wait_for(waiting, 5))["version"] == version


async def test_l4_who_answers_and_who_writes_is_shown(visitor: VisitorRig) -> None:
    await visitor.set_up(of_hoa_sen("minh", name="Minh"))
    await visitor.write()
    before = await visitor.has_thread(1)
    assert before["agent"] is None
    in_charge = assigned("minh", 1, conversation_id=visitor.conversation)
    await visitor.append(ASSIGNMENTS, in_charge, visitor.conversation)

    async def is_named() -> bool:
        return bool((await visitor.thread())["agent"] == {"name": "Minh"})

    await eventually(is_named, lambda: "not named")
    viewed = ConversationViewed(
        organization=HOA_SEN,
        conversation_id=visitor.conversation,
        agent_id=AgentId("minh"),
        typing=True,
        at=visitor.clock.now(),
    )
    await visitor.append(VIEWING, viewed, HOA_SEN)

    async def is_typing() -> bool:
        return bool((await visitor.thread())["typing"])

    await eventually(is_typing, lambda: "not typing")


async def test_l4_online_says_whether_anybody_of_the_page_is_there(visitor: VisitorRig) -> None:
    await visitor.set_up(
        of_hoa_sen("lan", departments=("sales",), regions=("sales/north",)),
        of_hoa_sen("minh", departments=("sales",), regions=("sales/south",)),
        department("sales", organization=HOA_SEN),
        region("sales", "north", organization=HOA_SEN),
        region("sales", "south", organization=HOA_SEN),
    )
    assert (await visitor.thread())["online"] is False
    for name in ("lan", "minh"):
        await visitor.set_online(name)

    async def offered() -> bool:
        items = (await visitor.ask("GET", "departments")).json()["items"]
        return bool(items and len(items[0].get("regions", ())) == 2)

    await eventually(offered, lambda: "not offered")
    assert (await visitor.thread())["online"] is True


async def test_l4_a_reply_that_the_visitor_sees_is_seen_and_none_after_it(
    visitor: VisitorRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitor.log, "_clock", visitor.clock)
    written = (await visitor.write()).json()["id"]
    first, second = reply_of(visitor), reply_of(visitor, 2, at=START + timedelta(minutes=1))
    sent_at = []
    for reply in (first, second):
        await answer(visitor, reply)
        sent_at.append(visitor.clock.now())
        visitor.clock.advance(timedelta(minutes=1))
    await visitor.has_thread(3)
    for _ in range(2):
        assert (await visitor.see(first.message_id)).status_code == 200
    found = await envelopes(visitor.log, INBOUND)
    events = [(one.id, one.data) for one in found if isinstance(one.data, MessagesSeen)]
    assert events[0] == events[1]
    _, seen = events[0]
    assert seen.conversation_id == visitor.conversation
    assert sent_at[0] <= seen.watermark < sent_at[1]
    for strange in (written, "m_of_somebody_else", "", 7):
        assert (await visitor.see(strange)).status_code == 422


async def test_l4_nobody_sees_the_replies_of_another_visitor(
    stranger: VisitorRig, visitor: VisitorRig
) -> None:
    await visitor.write()
    reply = reply_of(visitor)
    await answer(visitor, reply)
    await visitor.has_thread(2)
    another = await stranger.open()
    assert (await another.see(reply.message_id)).status_code == 422
    assert (await stranger.see(reply.message_id)).status_code == 401


async def test_r9_5_receipts_are_limited_and_take_nothing_from_messages(
    visitor: VisitorRig,
) -> None:
    statuses = [(await visitor.see("none")).status_code for _ in range(limits.VISITOR_RECEIPTS + 1)]
    assert set(statuses[:-1]) == {422}
    assert statuses[-1] == 429
    assert (await visitor.write()).status_code == 200


async def test_l4_a_visitor_sees_their_own_thread_alone(
    stranger: VisitorRig, visitor: VisitorRig
) -> None:
    await visitor.write("của tôi")
    await visitor.has_thread(1)
    another = await stranger.open()
    assert (await another.thread())["messages"] == []


async def test_r9_5_only_so_many_wait_and_the_others_are_answered_at_once(
    visitor: VisitorRig,
) -> None:
    version = (await visitor.thread())["version"]
    waiting = [
        asyncio.create_task(visitor.thread(version, wait=20))
        for _ in range(limits.WAITING_OF_VISITOR)
    ]
    watches: dict[str, set[object]] = vars(visitor.signals)["_watches"]
    await until(lambda: len(watches.get(visitor.conversation, ())) == limits.WAITING_OF_VISITOR)
    await asyncio.wait_for(visitor.thread(version, wait=20), 5)
    visitor.signals.stop()
    await asyncio.gather(*waiting)


async def test_r9_5_reads_are_limited_by_visitor_and_address(visitor: VisitorRig) -> None:
    statuses = [
        (await visitor.ask("GET", "thread")).status_code for _ in range(limits.VISITOR_READS + 1)
    ]
    assert set(statuses[:-1]) == {200}
    assert statuses[-1] == 429


async def test_l4_cors_lets_the_browser_read_when_to_try_again(visitor: VisitorRig) -> None:
    await visitor.set_up(site_page(sites=("https://shop.example",)))
    from_shop = replace(visitor, origin="https://shop.example")
    answered = await from_shop.http.get(
        f"{BASE}/thread", headers={"Origin": "https://shop.example"}
    )
    assert answered.status_code == 401
    assert answered.headers["access-control-expose-headers"] == "Retry-After"
