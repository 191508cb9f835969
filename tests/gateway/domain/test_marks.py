"""What agents noted about a conversation: its tags (I4), among what they read."""

from datetime import UTC, datetime

import pytest

from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.marks import ConversationRead, ConversationTagged
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.marks import list_distinct, note_mark

SHOP, THREAD, LAN = OrganizationId("shop"), ConversationId("msg_1"), AgentId("lan")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def tagged(*tags: str) -> ConversationTagged:
    return ConversationTagged(organization=SHOP, conversation_id=THREAD, tags=tags, by=LAN, at=NOON)


def test_i4_the_later_record_counts_and_folding_again_changes_nothing() -> None:
    read = ConversationRead(
        organization=SHOP, conversation_id=THREAD, agent_id=LAN, seen_events=0, at=NOON
    )
    events: list[ConversationRead | ConversationTagged] = [
        tagged("VIP", "sỉ"),
        read,
        tagged("Khách SỈ"),
    ]
    row = InboxRow(id=THREAD)
    for offset, event in enumerate(events):
        row = note_mark(row, event, offset)
    assert (row.tags, row.tag_keys) == (("Khách SỈ",), ("khách sỉ",))
    again = row
    for offset, event in enumerate(events):
        again = note_mark(again, event, offset)
    assert again == row


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["VIP", "vip", "Vip"], ("VIP",)),
        (["b", "a"], ("b", "a")),
        (["S\u1ec9", "si\u0309"], ("S\u1ec9",)),
        ([], ()),
    ],
)
def test_i4_tags_that_differ_in_case_alone_are_one(given: list[str], kept: tuple[str, ...]) -> None:
    assert list_distinct(given) == kept
