"""P5a: which posts are livestreams, by what was heard, in whatever order."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.facebook import PAGE, body, comment, entry, live_comment, live_video, video
from tuyen_channels import live_posts
from tuyen_channels.facebook import parser
from tuyen_channels.live_posts import LivePosts, PostFactsDraft, PostRecordRemoved, name_answer
from tuyen_channels.ports import Page, ParsedBody
from tuyen_events.ids import OrganizationId, PageId, livestream_thread_id
from tuyen_events.inbound import CommentEvent, LivestreamChanged
from tuyen_events.posts import PostClassified, ReplyPlaced

PAGES = {PAGE: Page(OrganizationId("hoa-sen"), PageId("thoi-trang"))}
START = datetime(2026, 9, 21, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POST, OTHER_POST = f"{PAGE}_690", f"{PAGE}_700"
VIDEO = "334"

Update = dict[str, Any]


class Ingested:
    """What bodies come to, one minute after the other, each with what those before said."""

    def __init__(self) -> None:
        self.posts = LivePosts()
        self.now = START
        self.log: dict[str, PostClassified | ReplyPlaced] = {}

    def take(self, *changes: Update, after: timedelta = MINUTE) -> ParsedBody:
        self.now += after
        raw = body(entry(changes=list(changes)))
        parsed = parser.parse(raw, self.now, PAGES, self.posts)
        for key, fact in parsed.classified:
            self.posts.apply(key, fact)
            self.log.pop(key, None)
            if not isinstance(fact, PostRecordRemoved):
                self.log[key] = fact
        return parsed

    def is_live(self, post: str, number: str = "1") -> bool:
        """Whether a comment that comes now is a live one."""
        (found,) = self.take(live_comment(f"690_{number}", post)).events
        assert isinstance(found.event, CommentEvent)
        return found.event.livestream

    def restart(self) -> "Ingested":
        """The same after a restart: folded from the latest record of each key, in any order."""
        again = Ingested()
        again.now = self.now
        again.log = dict(reversed(self.log.items()))
        for key, fact in again.log.items():
            again.posts.apply(key, fact)
        return again


@pytest.fixture
def ingested() -> Ingested:
    return Ingested()


@pytest.mark.parametrize(
    "heard",
    list(itertools.permutations([video(POST, VIDEO), live_video(VIDEO, "live")])),
)
def test_p5a_a_post_whose_video_is_live_is_a_livestream(
    ingested: Ingested, heard: Sequence[Update]
) -> None:
    for update in heard:
        ingested.take(update)
    assert ingested.restart().is_live(POST)
    assert ingested.is_live(POST)
    assert not ingested.is_live(OTHER_POST, "2")


@pytest.mark.parametrize("status", ["live", "LIVE"])
def test_p5a_a_live_id_that_ends_the_posts_id_names_the_post(
    ingested: Ingested, status: str
) -> None:
    ingested.take(live_video("690", status))
    assert ingested.is_live(POST)
    assert not ingested.is_live(OTHER_POST, "2")


@pytest.mark.parametrize("told", [live_comment("690_2", POST), video(POST, "220")])
def test_p5a_a_wrong_guess_does_not_take_the_broadcast_from_the_post_that_it_names(
    ingested: Ingested, told: Update
) -> None:
    number = "690" if told["value"]["item"] == "comment" else "220"
    ingested.take(live_video(number, "live"))
    assert ingested.is_live(OTHER_POST), "the guess"
    ingested.take(told)
    for known in (ingested, ingested.restart()):
        assert known.is_live(POST, "3")
        assert known.is_live(OTHER_POST, "4")


def test_p5a_an_unknown_live_video_is_that_of_the_newest_video_post(ingested: Ingested) -> None:
    ingested.take(video(OTHER_POST, "1"))
    ingested.take(video(POST, VIDEO))
    (found,) = ingested.take(live_video("220", "live")).events
    assert isinstance(found.event, LivestreamChanged)
    assert found.event.post_external_id == POST
    assert ingested.restart().is_live(POST)
    assert ingested.is_live(POST)
    assert not ingested.is_live(OTHER_POST, "2")


def test_p5a_a_video_of_long_ago_is_not_what_goes_live_now(ingested: Ingested) -> None:
    ingested.take(video(OTHER_POST, "1"))
    ingested.take(live_video("220", "live"), after=timedelta(hours=2))
    assert not ingested.is_live(OTHER_POST)
    assert ingested.is_live(POST, "2")


def test_p5a_a_video_post_commented_on_while_an_unknown_video_is_live(ingested: Ingested) -> None:
    ingested.take(live_video("220", "live"))
    (plain,) = ingested.take(comment("332_1")).events
    assert isinstance(plain.event, CommentEvent)
    assert not plain.event.livestream
    assert ingested.is_live(POST)
    assert not ingested.is_live(OTHER_POST, "2"), "the broadcast has its post"
    assert ingested.restart().is_live(POST)


def test_p5a_a_broadcast_that_is_over_makes_no_other_video_live(ingested: Ingested) -> None:
    ingested.take(live_video("220", "live"))
    ingested.take(live_video("220", "live_stopped"))
    ingested.take(live_video("220", "live"))  # delivered again, late
    assert not ingested.is_live(POST)
    assert not ingested.restart().is_live(POST, "2")


def test_p5a_a_post_stays_a_livestream_after_the_broadcast(ingested: Ingested) -> None:
    ingested.take(video(POST, VIDEO))
    for status in ("live", "live_stopped", "vod"):
        ingested.take(live_video(VIDEO, status))
    assert ingested.is_live(POST)
    assert ingested.restart().is_live(POST, "2")


def test_p5a_a_live_video_event_in_the_same_body_counts(ingested: Ingested) -> None:
    before, *_, after = ingested.take(
        live_comment("690_1", POST),
        video(POST, VIDEO),
        live_video(VIDEO, "live"),
        live_comment("690_2", POST),
    ).events
    assert isinstance(before.event, CommentEvent)
    assert isinstance(after.event, CommentEvent)
    assert (before.event.livestream, after.event.livestream) == (False, True)


def test_p5a_comments_before_the_broadcast_stay_feed_comments_in_a_replay(
    ingested: Ingested,
) -> None:
    early = body(entry(changes=[live_comment("690_1", POST)]))
    ingested.take(video(POST, VIDEO))
    accepted = ingested.now
    ingested.take(live_video(VIDEO, "live"))
    assert ingested.is_live(POST)
    for known in (ingested.posts, ingested.restart().posts):
        (found,) = parser.parse(early, accepted, PAGES, known).events
        assert isinstance(found.event, CommentEvent)
        assert not found.event.livestream


def test_p5a_each_customer_has_one_thread_and_the_page_none(ingested: Ingested) -> None:
    ingested.take(video(POST, VIDEO), live_video(VIDEO, "live"))
    binh = {"id": "6700000000000002", "name": "Trần Văn Bình"}
    changes = [
        live_comment("690_1", POST),
        live_comment("690_2", POST),
        live_comment("690_3", POST, parent_id="690_1", **{"from": binh}),
        live_comment("690_4", POST, parent_id="690_1", **{"from": {"id": PAGE}}),
        live_comment("690_1", POST, verb="edited"),
        live_comment("690_1", POST, verb="hide", **{"from": {"id": PAGE}}),
        live_comment("690_1", POST, verb="remove"),
    ]
    events = [found.event for found in ingested.take(*changes).events]
    an = livestream_thread_id(customer_of(events[0]), POST)
    assert [event.conversation_id for event in events if isinstance(event, CommentEvent)] == [
        an,
        an,
        livestream_thread_id(customer_of(events[2]), POST),
        None,
        None,
        None,
        None,
    ]


def customer_of(event: object) -> Any:
    assert isinstance(event, CommentEvent)
    assert event.customer is not None
    return event.customer.id


def test_p5a_a_body_that_is_delivered_again_publishes_its_facts_again(ingested: Ingested) -> None:
    first = ingested.take(video(POST, VIDEO), live_video("220", "live"))
    again = ingested.take(video(POST, VIDEO), live_video("220", "live"))
    assert {key for key, _ in first.classified} == {key for key, _ in again.classified}
    for fact in again.classified:
        assert isinstance(fact.event, PostClassified)
        assert fact.event.livestream
        last = first.classified[-1].event
        assert isinstance(last, PostClassified)
        assert fact.event.at == last.at


def test_r9_6_of_a_pages_video_posts_the_newest_are_known_and_no_more(
    ingested: Ingested, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_posts, "VIDEO_POSTS", 4)
    for number in range(1, 8):
        ingested.take(video(f"{PAGE}_{number}", f"v{number}"), live_video(f"v{number}", "live"))
        assert ingested.is_live(f"{PAGE}_{number}", str(number))
    assert len(ingested.log) == 4
    again = Ingested()
    for key, fact in ingested.log.items():
        again.posts.apply(key, fact)
    again.now = ingested.now
    for seen in (ingested, again):
        live = {number for number in range(1, 8) if seen.is_live(f"{PAGE}_{number}", f"9{number}")}
        assert live == {6, 7}
        assert len(seen.log) <= 4


def answer(ingested: Ingested, post: str, question: str, at: datetime) -> None:
    """The channel was asked about a post and said that it is live: outbound wrote so."""
    key = name_answer(question, 1)
    ingested.log[key] = PostClassified(
        organization=OrganizationId("hoa-sen"),
        page_id=PageId("thoi-trang"),
        post_external_id=post,
        video_external_id=f"v-{post}",
        livestream=True,
        at=at,
    )
    ingested.posts.apply(key, ingested.log[key])


def test_p5a_a_post_of_which_the_channel_says_it_is_a_livestream_unless_accepted_before(
    ingested: Ingested,
) -> None:
    assert not ingested.is_live(POST)
    before = ingested.now
    answer(ingested, POST, "evt_1", before + MINUTE)
    draft = PostFactsDraft(ingested.posts)
    page = (OrganizationId("hoa-sen"), PageId("thoi-trang"))
    assert not draft.classify_comment(page, POST, shows_video=True, at=before)
    for seen in (ingested, ingested.restart()):
        assert seen.is_live(POST, "2")
        assert not seen.is_live(OTHER_POST, "3")


def test_r9_6_a_page_with_many_livestreams_that_only_the_channel_named_forgets_the_oldest(
    ingested: Ingested, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_posts, "VIDEO_POSTS", 4)
    for number in range(1, 8):
        ingested.now += MINUTE
        answer(ingested, f"{PAGE}_{number}", f"evt_{number}", ingested.now)
    assert len(ingested.log) == 7
    assert ingested.is_live(f"{PAGE}_7")
    assert len(ingested.log) == 4
    assert not ingested.is_live(f"{PAGE}_1", "2")


numbers = st.integers(1, 3)
updates = st.one_of(
    st.builds(lambda n: video(f"{PAGE}_{n}", f"v{n}"), numbers),
    st.builds(
        live_video,
        st.sampled_from(["v1", "v2", "v3", "1", "2", "x", "y"]),
        st.sampled_from(["live", "live_stopped", "vod"]),
    ),
    st.builds(lambda n: live_comment(f"{n}_1", f"{PAGE}_{n}"), numbers),
)


@given(st.lists(updates, max_size=12), st.randoms(use_true_random=False))
def test_a_restart_knows_the_same_posts_whatever_the_order_of_the_records(
    heard: list[Update], chance: Any
) -> None:
    ingested = Ingested()
    for update in heard:
        ingested.take(update)
    facts = list(ingested.log.items())
    chance.shuffle(facts)
    again = LivePosts()
    for key, fact in [*facts, *facts]:
        again.apply(key, fact)
    page = (OrganizationId("hoa-sen"), PageId("thoi-trang"))
    before, after = ingested.posts.page(page), again.page(page)
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert set(after.live_since) == set(before.live_since)
        assert after.broadcasts == before.broadcasts
