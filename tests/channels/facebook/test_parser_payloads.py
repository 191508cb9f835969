"""Every sample body and the events that it must become, written manually from the rules."""

import pytest

from channels.facebook.feed_events import FEED
from channels.facebook.messenger_events import MESSENGER
from channels.facebook.samples import ACCEPTED, AN, LIVE_POST, NGUYEN, PAGES, key
from support.facebook import payload, payload_names
from tuyen_channels.facebook import parser
from tuyen_channels.live_posts import LivePosts
from tuyen_channels.ports import SkippedPart, SkipReason
from tuyen_events import ids
from tuyen_events.inbound import CommentAdded

EVENTS = {**MESSENGER, **FEED, "messenger__dashboard_test": [], "facebook_feed__unknown_item": []}
SKIPPED = {
    "messenger__dashboard_test": [SkippedPart(SkipReason.DASHBOARD_TEST, "0")],
    "facebook_feed__unknown_item": [SkippedPart(SkipReason.UNKNOWN_FIELD, "foo")],
}


def test_every_sample_body_has_its_expectation() -> None:
    assert payload_names() == sorted(EVENTS)


@pytest.mark.parametrize("name", payload_names())
def test_p3_a_sample_body_becomes_exactly_these_events(name: str) -> None:
    parsed = parser.parse(payload(name), ACCEPTED, PAGES, LivePosts())
    assert [(found.key, found.event) for found in parsed.events] == EVENTS[name]
    assert parsed.skipped == SKIPPED.get(name, [])
    assert parsed.failures == []


@pytest.mark.parametrize("name", payload_names())
def test_a_samples_subject_is_its_conversation_post_or_video(name: str) -> None:
    for found in parser.parse(payload(name), ACCEPTED, PAGES, LivePosts()).events:
        event = found.event
        expected = next(
            value
            for field in ("conversation_id", "post_external_id", "video_external_id")
            if (value := getattr(event, field, None)) is not None
        )
        assert found.subject == expected


def test_p5a_a_comment_on_a_livestream_is_in_the_customers_live_thread() -> None:
    posts = LivePosts()
    for name in ("facebook_feed__video_add", "facebook_live_videos__live"):
        for place, fact in parser.parse(payload(name), ACCEPTED, PAGES, posts).classified:
            posts.apply(place, fact)
    body = payload("facebook_feed__comment_on_live")
    (found,) = parser.parse(body, ACCEPTED, PAGES, posts).events
    assert found.key == key(AN)
    assert isinstance(found.event, CommentAdded)
    assert found.event.livestream
    assert found.event.conversation_id == ids.livestream_thread_id(NGUYEN.id, LIVE_POST)
    assert found.event.parent_external_id is None
