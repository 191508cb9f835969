"""Which posts are asked for, and what follows from the answer."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from outbound.asking import MOMENT, PAGE, SHOP
from outbound.knowing import POST, WROTE_BELOW, wanted_post
from tuyen_channels.posts import PostDetails
from tuyen_events.inbound import CommentRemoved
from tuyen_events.outbound_limits import PROFILE_KEPT_S, VIDEO_KEPT_S
from tuyen_events.posts import PostClassified
from tuyen_events.vocabulary import CommentOrigin
from tuyen_outbound.domain.posts import (
    build_post_description,
    classify_post,
    find_post_known_until,
    find_wanted_post,
)

LIVE = PostDetails(text="Sale", video="334", shows_video=True, livestream=True)


@pytest.mark.parametrize(
    "changed", [{}, {"customer": None}, {"parent_external_id": "332_1"}, {"livestream": True}]
)
def test_p5a_the_post_of_a_comment_is_asked_for(changed: dict[str, Any]) -> None:
    comment = msgspec.structs.replace(WROTE_BELOW, **changed)
    assert find_wanted_post(comment, "evt_0", MOMENT) == wanted_post()


@pytest.mark.parametrize(
    "changed",
    [
        {"origin": CommentOrigin.VISITOR_POST},
        {"origin": CommentOrigin.REVIEW},
        {"parent_external_id": POST},
        {"parent_external_id": POST.rpartition("_")[2]},
        {"accepted_at": MOMENT - timedelta(seconds=PROFILE_KEPT_S + 1)},
    ],
)
def test_p5d_what_others_published_is_no_post_of_the_page(changed: dict[str, Any]) -> None:
    comment = msgspec.structs.replace(WROTE_BELOW, **changed)
    assert find_wanted_post(comment, "evt_0", MOMENT) is None


def test_p5a_only_what_adds_a_comment_asks() -> None:
    fields = msgspec.structs.asdict(WROTE_BELOW)
    about = {name: fields[name] for name in CommentRemoved.__struct_fields__}
    assert find_wanted_post(CommentRemoved(**about), "evt_0", MOMENT) is None


def test_p5a_a_post_that_is_or_was_live_is_classified() -> None:
    assert classify_post(wanted_post(), LIVE, MOMENT) == PostClassified(
        organization=SHOP,
        page_id=PAGE,
        post_external_id=POST,
        video_external_id="334",
        livestream=True,
        at=MOMENT,
    )
    for other in (PostDetails(), PostDetails(video="334", shows_video=True)):
        assert classify_post(wanted_post(), other, MOMENT) is None


def test_i9_an_answer_becomes_an_event_of_the_post() -> None:
    event = build_post_description(wanted_post(), LIVE, MOMENT)
    assert (event.post_external_id, event.text, event.accepted_at) == (POST, "Sale", MOMENT)
    assert (event.shows_video, event.livestream) == (True, True)


def test_p5a_a_video_that_may_go_live_is_asked_for_again_soon() -> None:
    video = PostDetails(video="334", shows_video=True)
    assert find_post_known_until(video, MOMENT) == MOMENT + timedelta(seconds=VIDEO_KEPT_S)
    for other in (PostDetails(), LIVE):
        assert find_post_known_until(other, MOMENT) == MOMENT + timedelta(seconds=PROFILE_KEPT_S)
