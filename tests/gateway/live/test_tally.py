"""I3: counts that follow the changes of rows equal counts of the rows."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.live.shop import SHOP, at
from tuyen_events.ids import AgentId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.live import JournaledRow, in_milliseconds, is_shown, is_unread
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.live.tally import concerns, count_change
from tuyen_gateway.ports.views import InboxCounts

AGENTS = [AgentId(name) for name in ("lan", "minh")]
PAGES = [PageId(name) for name in ("p1", "p2")]


@st.composite
def journaled_rows(draw: st.DrawFn) -> JournaledRow | None:
    if draw(st.integers(0, 5)) == 0:
        return None
    marks = {agent: draw(st.sampled_from(["read", "again", None])) for agent in AGENTS}
    return JournaledRow(
        draw(st.sampled_from(PAGES)),
        draw(st.sampled_from(list(Channel))),
        draw(st.sampled_from(list(ConversationKind))),
        draw(st.sampled_from([None, *AGENTS])),
        draw(st.booleans()),
        draw(st.sampled_from([None, in_milliseconds(at(1)), in_milliseconds(at(9))])),
        tuple(agent for agent, mark in marks.items() if mark == "read"),
        tuple(agent for agent, mark in marks.items() if mark == "again"),
    )


@st.composite
def scopes(draw: st.DrawFn) -> Scope:
    return Scope(
        organization=SHOP,
        agent_id=AGENTS[0],
        pages=draw(st.sampled_from([None, frozenset(PAGES[:1])])),
        assignees=draw(st.sampled_from(list(Assignees))),
        since=draw(st.sampled_from([None, at(5)])),
    )


def count(scope: Scope, rows: list[JournaledRow | None]) -> InboxCounts:
    shown = [row for row in rows if row is not None and is_shown(row, scope)]
    unread = [row for row in shown if is_unread(row, scope)]
    return InboxCounts(
        total=len(shown),
        unread=len(unread),
        unread_by_channel={each: sum(row.channel == each for row in unread) for each in Channel},
        unread_by_kind={each: sum(row.kind == each for row in unread) for each in ConversationKind},
    )


@given(
    scopes(),
    st.lists(journaled_rows(), min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), journaled_rows()), max_size=20),
)
def test_i3_what_follows_the_changes_equals_what_is_counted(
    scope: Scope, rows: list[JournaledRow | None], changes: list[tuple[int, JournaledRow | None]]
) -> None:
    counts = count(scope, rows)
    for number, after in changes:
        before = rows[number % len(rows)]
        changed = count_change(counts, scope, before, after)
        assert (changed is counts) is not concerns(scope, before, after)
        counts, rows[number % len(rows)] = changed, after
    assert counts == count(scope, rows)
