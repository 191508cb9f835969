"""What describes a post is read if it can be, and costs no post if it cannot (P4)."""

import json
from typing import Any

import pytest

from tuyen_channels.facebook import wire
from tuyen_channels.facebook.post_details import find_picture, read_address

FIRST, SECOND = "https://scontent.xx.fbcdn.net/1.jpg", "https://scontent.xx.fbcdn.net/2.jpg"


def value(**given: Any) -> wire.FeedValue:
    return wire.feed_value_of(json.dumps({"item": "status", "verb": "add", **given}).encode())


@pytest.mark.parametrize(
    ("given", "picture"),
    [
        ({"item": "photo", "link": FIRST}, FIRST),
        ({"item": "video", "link": "https://video.xx.fbcdn.net/1.mp4"}, None),
        ({"photos": [FIRST, SECOND]}, FIRST),
        ({"photo": FIRST}, FIRST),
        ({"photos": [], "photo": SECOND}, SECOND),
        ({}, None),
        ({"item": "photo", "link": "x" * 9_000}, None),
    ],
)
def test_i9_the_picture_of_a_post_is_its_first_photo(
    given: dict[str, Any], picture: str | None
) -> None:
    assert find_picture(value(**given)) == picture


@pytest.mark.parametrize("odd", [None, 7, [], {}, "", "x" * 9_000])
def test_p4_an_odd_address_is_none(odd: object) -> None:
    post = value(post={"permalink_url": odd}).post
    assert post is not None
    assert read_address(post.permalink_url) is None
