"""What a list, a thread, a row can come to, whatever customers send (R9.5, R9.6)."""

import msgspec
import pytest

from gateway.feed import START, Feed
from gateway.rig import User
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.inbound import Attachment
from tuyen_events.limits import (
    AGENTS,
    NAME_CHARACTERS,
    ROW_TEXT_CHARACTERS,
    THREAD_PAGE_BYTES,
    WITHDRAWN_EVENTS,
)
from tuyen_events.marks import ConversationRead
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.marks import mark_read
from tuyen_gateway.domain.read_marks import add_withdrawn, count_live_events


async def test_r9_5_a_row_shows_the_beginning_of_a_text_and_the_thread_all_of_it(
    owner: User, feed: Feed
) -> None:
    text = "dài " * 200_000
    thread = await feed.message("a", text, name="n" * 5_000)
    answer = await owner.get("/v1/conversations?after=0")
    (item,) = answer.json()["items"]
    assert len(answer.content) < 5_000
    assert item["last_text"] == text[:ROW_TEXT_CHARACTERS]
    assert item["customer"]["name"] == "n" * NAME_CHARACTERS
    (message,) = (await owner.done("GET", f"/v1/conversations/{thread}/messages"))["items"]
    assert message["text"] == text
    assert message["author"]["name"] == "n" * NAME_CHARACTERS


async def test_r9_5_a_page_of_a_thread_ends_before_it_carries_too_much(
    owner: User, feed: Feed
) -> None:
    texts = [f"{n} " + "x" * (THREAD_PAGE_BYTES * 2 // 5) for n in range(5)]
    for text in texts:
        thread = await feed.message("a", text)
    pages: list[list[str]] = []
    path = f"/v1/conversations/{thread}/messages?limit=200&after=0"
    query = ""
    while True:
        answer = await owner.done("GET", f"{path}{query}")
        pages.append([message["text"] for message in answer["items"]])
        if answer["next"] is None:
            break
        query = f"&cursor={answer['next']}"
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [text for page in pages for text in page] == texts


async def test_r9_5_attachments_count_for_what_a_page_carries(owner: User, feed: Feed) -> None:
    pictures = tuple(
        Attachment(kind="image", url=f"https://cdn.example/{n}/" + "x" * 2_000) for n in range(400)
    )
    thread = await feed.message("a", "1", attachments=pictures)
    await feed.message("a", "2" * 300_000)
    answer = await owner.done("GET", f"/v1/conversations/{thread}/messages?after=0")
    assert [message["text"] for message in answer["items"]] == ["1"]
    assert answer["next"] is not None


def test_r9_6_a_row_keeps_the_marks_of_no_more_agents_than_there_can_be() -> None:
    row = InboxRow(id=ConversationId("msg_1"), reads=())
    many = [f"agent-{n:05}" for n in range(AGENTS - 1)]
    for offset, agent in enumerate(many):
        row = msgspec.structs.replace(
            row, reads=(*row.reads, _read(row, agent, offset).reads[-1]), marks_offset=offset
        )
    for offset, agent in enumerate(("new-1", "new-2", "agent-00001", "new-3"), start=AGENTS):
        row = _read(row, agent, offset)
    kept = {read.agent_id for read in row.reads}
    assert len(kept) == AGENTS
    assert {"new-1", "new-2", "new-3", "agent-00001"} <= kept
    assert "agent-00000" not in kept


def _read(row: InboxRow, agent: str, offset: int) -> InboxRow:
    alone = msgspec.structs.replace(row, reads=()) if offset < AGENTS else row
    event = ConversationRead(
        organization=OrganizationId("shop"),
        conversation_id=row.id,
        agent_id=AgentId(agent),
        seen_events=0,
        at=START,
    )
    return mark_read(alone, event, offset)


@pytest.mark.parametrize("order", [1, -1])
def test_r9_6_the_last_places_that_were_taken_back_are_kept_in_whatever_order_they_come(
    order: int,
) -> None:
    kept: tuple[tuple[int, int], ...] = ()
    for offset in range(2 * WITHDRAWN_EVENTS)[::order]:
        kept = add_withdrawn(kept, (offset, offset % 3))
    assert kept == tuple((n, n % 3) for n in range(WITHDRAWN_EVENTS, 2 * WITHDRAWN_EVENTS))
    counted = {"0": 2 * WITHDRAWN_EVENTS, "1": -1, "2": 2 * WITHDRAWN_EVENTS}
    assert count_live_events(500, counted, kept) == 500 - sum(place[1] != 1 for place in kept)
