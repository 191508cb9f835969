"""What a change of a row tells: who sees it, for whom it is unread, whose state changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.ids import AgentId, ConversationId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.heads import pack, unpack
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.live import (
    JournalPosition,
    find_change,
    find_message_revision,
    is_shown,
    is_unread,
    journal_row,
    pack_place,
    unpack_place,
)
from tuyen_gateway.domain.read_marks import ReadMark
from tuyen_gateway.domain.threads import Direction, Message
from tuyen_gateway.domain.visibility import Assignees, Scope

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
SHOP, LAN, MINH = OrganizationId("shop"), AgentId("lan"), AgentId("minh")


def moment(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def row(**fields: Any) -> InboxRow:
    given: dict[str, Any] = {
        "id": ConversationId("c"),
        "organization": SHOP,
        "page_id": PageId("p"),
        "channel": Channel.FACEBOOK,
        "kind": ConversationKind.MESSAGE,
        "live_events": 1,
        "last_inbound_at": moment(5),
        "revision": 7,
    }
    return InboxRow(**(given | fields))


def scope(agent: AgentId = LAN, assignees: Assignees = Assignees.ALL, **fields: Any) -> Scope:
    given: dict[str, Any] = {"organization": SHOP, "agent_id": agent, "pages": None}
    return Scope(assignees=assignees, **(given | fields))


def marked(*agents: AgentId) -> tuple[ReadMark, ...]:
    return tuple(ReadMark(agent_id=agent, seen_events=0) for agent in agents)


@pytest.mark.parametrize(
    ("changed", "watcher", "unread"),
    [
        ({}, scope(), True),
        ({"live_events": 0}, scope(), False),
        ({"reads": marked(LAN), "read_by": (LAN,)}, scope(), False),
        ({"reads": marked(LAN), "read_by": (LAN,)}, scope(MINH), True),
        ({}, scope(since=moment(5)), False),
        ({}, scope(since=moment(4)), True),
        ({}, scope(since=moment(4.9995)), True),
        ({}, scope(since=moment(5.0005)), False),
        ({"reads": marked(LAN)}, scope(since=moment(9)), True),
    ],
)
def test_i5_what_is_unread_for_whom(changed: Any, watcher: Scope, unread: bool) -> None:
    journaled = journal_row(row(**changed))
    assert journaled is not None
    assert is_unread(journaled, watcher) is unread


def test_r7_3_a_change_says_who_saw_the_row_before() -> None:
    before, after = row(assignee=LAN), row(assignee=MINH, revision=8)
    change = find_change(before, after)
    own = Assignees.OWN
    assert is_shown(change.previous, scope(LAN, own))
    assert not is_shown(change.after, scope(LAN, own))
    assert is_shown(change.after, scope(MINH, own))
    assert change.revision == 8


def test_a_row_in_no_list_is_seen_by_nobody() -> None:
    hidden = find_change(None, row(organization=None))
    assert (hidden.previous, hidden.after) == (None, None)
    assert not is_shown(hidden.after, scope())


def test_what_stays_as_it_was_is_stored_once() -> None:
    change = find_change(row(), row(done=True))
    assert change.kept
    assert change.before is None
    assert change.previous == change.after


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, (False, None, None)),
        ({}, {"seen_until": moment(3)}, (True, None, moment(3))),
        (
            {"seen_until": moment(1)},
            {"seen_until": moment(3)},
            (True, moment(1), moment(3)),
        ),
        (
            {"seen_until": moment(2), "delivered_until": moment(1)},
            {"seen_until": moment(3), "delivered_until": moment(4)},
            (True, moment(1), moment(4)),
        ),
        (
            {"seen_until": moment(2)},
            {"seen_until": moment(2), "delivered_until": moment(4)},
            (True, None, moment(4)),
        ),
    ],
)
def test_i6_a_report_changes_the_state_of_messages_in_a_range(
    before: Any, after: Any, expected: Any
) -> None:
    change = find_change(row(**before), row(**after))
    assert (change.reported, change.reported_after, change.reported_until) == expected


def test_i13_a_messages_revision_rises_with_its_state() -> None:
    def out(revision: int) -> Message:
        return Message(
            id="m",  # type: ignore[arg-type]  # any will do
            organization=SHOP,
            page_id=PageId("p"),
            direction=Direction.OUT,
            at=moment(2),
            revision=revision,
        )

    rows = [row(), row(delivered_until=moment(2)), row(seen_until=moment(3))]
    revisions = [find_message_revision(out(9), each) for each in rows]
    assert revisions == sorted(set(revisions))
    assert find_message_revision(out(10), rows[0]) > revisions[-1]


@given(st.tuples(*(st.integers(0, 2**32 - 1) for _ in range(3))))
def test_i13_a_place_is_packed_and_read_again(numbers: tuple[int, int, int]) -> None:
    place = JournalPosition(*numbers)
    assert unpack_place(pack_place(place)) == place
    assert len(pack_place(place)) == len(pack_place(JournalPosition(0, 0)))


@given(st.dictionaries(st.integers(0, 255), st.integers(0, 2**40 - 1)))
def test_i13_heads_are_packed_and_read_again(heads: dict[int, int]) -> None:
    assert unpack(pack(heads)) == heads


@pytest.mark.parametrize("packed", [b"x", b"x" * 12, b"x" * 14])
def test_what_is_no_place_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="no place"):
        unpack_place(packed)
    if len(packed) % 6:
        with pytest.raises(ValueError, match="no heads"):
            unpack(packed)
