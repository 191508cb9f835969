"""R4.3: a reply to a reply belongs to the conversation of its root comment."""

from datetime import UTC, datetime
from typing import Any

import pytest

from support.facebook import PAGE, Update, body, comment, entry, live_comment, live_video, video
from tuyen_channels.facebook import parser
from tuyen_channels.live_posts import LivePosts, PostRecordRemoved
from tuyen_channels.ports import Page
from tuyen_events import ids
from tuyen_events.inbound import CommentEvent
from tuyen_events.limits import PLACED_REPLIES

PAGES = {PAGE: Page(ids.OrganizationId("hoa-sen"), ids.PageId("thoi-trang"))}
ACCEPTED = datetime(2026, 9, 21, 14, 13, 21, tzinfo=UTC)
POST = f"{PAGE}_690"
ROOT, REPLY, NESTED, DEEPER = "690_1", "690_2", "690_3", "690_4"


def reply(comment_id: str, parent: str, **value: Any) -> Update:
    return comment(comment_id, post_id=POST, parent_id=parent, **value)


def accept(posts: LivePosts, *bodies: list[Update]) -> list[CommentEvent]:
    """What the bodies say one after the other."""
    records = list[CommentEvent]()
    for changes in bodies:
        parsed = parser.parse(body(entry(changes=changes)), ACCEPTED, PAGES, posts)
        assert not parsed.failures
        records += [found.event for found in parsed.events if isinstance(found.event, CommentEvent)]
        for key, fact in parsed.classified:
            posts.apply(key, fact)
    return records


def thread(root: str) -> ids.ConversationId:
    return ids.comment_thread_id(*PAGES[PAGE].key, root)


def test_r9_6_of_a_page_whose_records_were_removed_nothing_is_known() -> None:
    posts, page = LivePosts(), PAGES[PAGE].key
    broadcasts = [live_video("1", "live"), live_video("2", "live")]
    accept(posts, [reply(REPLY, ROOT), *broadcasts])
    for key in posts.keys(page):
        assert posts.pages() == {page}
        posts.apply(key, PostRecordRemoved(*page))
        known = posts.page(page)
        records = () if known is None else known.records.values()
        running = () if known is None else known.broadcasts
        assert {*running} == {fact.video_external_id for fact in records}
    assert posts.pages() == set()


@pytest.mark.parametrize("together", [True, False])
def test_r4_3_replies_at_any_depth_are_in_the_roots_conversation(together: bool) -> None:
    changes = [
        comment(ROOT, post_id=POST),
        reply(REPLY, ROOT),
        reply(NESTED, REPLY),
        reply(DEEPER, NESTED, **{"from": {"id": PAGE}}),
        reply(NESTED, REPLY, verb="edited"),
        reply(DEEPER, NESTED, verb="remove"),
    ]
    records = accept(LivePosts(), *([changes] if together else [[each] for each in changes]))
    assert {event.conversation_id for event in records} == {thread(ROOT)}
    assert [event.parent_external_id for event in records] == [None] + [ROOT] * 5


def test_r4_3_a_reply_that_came_late_brings_those_below_it_together() -> None:
    posts = LivePosts()
    records = accept(posts, [reply(NESTED, REPLY)], [reply(REPLY, ROOT)], [reply(DEEPER, NESTED)])
    assert [event.conversation_id for event in records] == [
        thread(REPLY),
        thread(ROOT),
        thread(ROOT),
    ]


def test_r4_3_another_pages_replies_make_no_difference() -> None:
    posts = LivePosts()
    accept(posts, [reply(REPLY, ROOT)])
    others = {PAGE: Page(ids.OrganizationId("sao-mai"), ids.PageId("thoi-trang"))}
    raw = body(entry(changes=[reply(NESTED, REPLY)]))
    (found,) = parser.parse(raw, ACCEPTED, others, posts).events
    assert found.subject == ids.comment_thread_id(*others[PAGE].key, REPLY)


def test_r9_6_of_a_pages_replies_so_many_are_remembered_and_no_more() -> None:
    posts = LivePosts()
    keys = set()
    for number in range(20 * PLACED_REPLIES):
        raw = body(entry(changes=[reply(f"690_{number}", "689_1")]))
        for key, fact in parser.parse(raw, ACCEPTED, PAGES, posts).classified:
            keys.add(key)
            posts.apply(key, fact)
    assert len(keys) == PLACED_REPLIES
    (last,) = accept(posts, [reply(NESTED + "0", f"690_{20 * PLACED_REPLIES - 1}")])
    assert last.conversation_id == thread("689_1")


def test_r4_3_of_a_pages_replies_two_of_three_are_remembered_after_a_hundred_more() -> None:
    posts = LivePosts()
    replies = [f"690_{number}" for number in range(150)]
    accept(posts, [reply(each, "689_1") for each in replies])
    answers = accept(posts, [reply(f"691_{each}", each) for each in replies[50:100]])
    assert sum(each.conversation_id == thread("689_1") for each in answers) >= 32


def test_a_reply_that_is_below_itself_ends() -> None:
    (found,) = accept(LivePosts(), [reply(REPLY, REPLY)])
    assert found.conversation_id == thread(REPLY)
    posts = LivePosts()
    accept(posts, [reply(REPLY, NESTED), reply(NESTED, REPLY)])
    assert accept(posts, [reply(DEEPER, REPLY)])


def test_p5a_below_a_livestream_the_comment_above_stays_what_it_is() -> None:
    posts = LivePosts()
    live = [video(POST, "334"), live_video("334", "live"), live_comment(ROOT, POST)]
    by_b = {"from": {"id": "6700000000000002"}}
    replies = [
        live_comment(REPLY, POST, parent_id=ROOT, **by_b),
        live_comment(NESTED, POST, parent_id=REPLY, **{"from": {"id": PAGE}}),
    ]
    records = accept(posts, live, replies)
    assert records[-1].conversation_id is None
    assert records[-1].parent_external_id == REPLY
