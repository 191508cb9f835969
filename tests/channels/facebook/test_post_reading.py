"""Facebook is asked what a post is, and whether its video is or was live."""

from datetime import UTC, datetime
from typing import Any

import pytest

from channels.calling import TOKEN, ScriptedTransport, answer
from tuyen_channels.calls import ChannelRefusal, RefusalKind
from tuyen_channels.facebook.profile_source import FacebookProfiles
from tuyen_channels.posts import PostDetails
from tuyen_channels.transport import HttpAnswer

BASE, PAGE = "https://graph.example/v24.0", "104000000000001"
POST, VIDEO = f"{PAGE}_332029982914750", "334815795929748"
PICTURE = "https://scontent.xx.fbcdn.net/vay.jpg"
SHOWS_VIDEO = {"data": [{"media_type": "video", "target": {"id": VIDEO}}]}


async def read(
    *answers: HttpAnswer | Exception,
) -> tuple[PostDetails | ChannelRefusal, ScriptedTransport]:
    transport = ScriptedTransport(*answers)
    settings = {"facebook_api": BASE, "facebook_app_secret": "s3cret"}
    source = FacebookProfiles.open(settings, transport)
    return await source.find_post(PAGE, TOKEN, POST), transport


async def test_i9_a_post_has_a_text_a_picture_and_an_address() -> None:
    found, transport = await read(
        answer(
            {
                "id": POST,
                "from": {"id": PAGE},
                "message": "Váy hoa nhí",
                "full_picture": PICTURE,
                "permalink_url": "https://www.facebook.com/104/posts/332",
                "created_time": "2026-09-21T21:13:20+0700",
                "status_type": "added_photos",
            }
        )
    )
    assert found == PostDetails(
        text="Váy hoa nhí",
        picture=PICTURE,
        permalink="https://www.facebook.com/104/posts/332",
        published_at=datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC),
    )
    (call,) = transport.calls
    assert (call.method, call.url) == ("GET", f"{BASE}/{POST}")
    assert call.headers == {"Authorization": "Bearer page-token"}


@pytest.mark.parametrize(
    ("status", "livestream"),
    [
        ("LIVE", True),
        ("live_stopped", True),
        ("VOD", True),
        ("SCHEDULED_UNPUBLISHED", False),
        (None, False),
    ],
)
async def test_p5a_the_video_says_whether_it_is_or_was_live(
    status: str | None, livestream: bool
) -> None:
    post = {"status_type": "added_video", "attachments": SHOWS_VIDEO}
    found, transport = await read(answer(post), answer({"id": VIDEO, "live_status": status}))
    assert found == PostDetails(video=VIDEO, shows_video=True, livestream=livestream)
    assert [call.url for call in transport.calls] == [f"{BASE}/{POST}", f"{BASE}/{VIDEO}"]
    assert transport.calls[1].query["fields"] == "live_status"


async def test_p5a_a_video_that_is_not_named_is_not_known_to_be_live() -> None:
    found, _ = await read(answer({"status_type": "added_video"}))
    assert found == PostDetails(shows_video=True)


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        ({"created_time": "hôm qua", "full_picture": "javascript:x"}, PostDetails()),
        ({"message": "a\0b"}, PostDetails(text="ab")),
        ({"permalink_url": "https://fb/" + "p" * 9_000}, PostDetails()),
    ],
)
async def test_r9_5_what_cannot_be_stored_is_left_out(
    post: dict[str, Any], expected: PostDetails
) -> None:
    assert (await read(answer(post)))[0] == expected


async def test_p5d_a_post_of_somebody_else_is_none_of_the_pages() -> None:
    found, _ = await read(answer({"from": {"id": "670"}, "message": "Shop ơi"}))
    assert isinstance(found, ChannelRefusal)
    assert found.kind is RefusalKind.PERMANENT


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ([answer({"error": {"code": 190}}, 400)], RefusalKind.DEAD_TOKEN),
        ([answer({"message": 7})], RefusalKind.PERMANENT),
        (
            [answer({"attachments": SHOWS_VIDEO}), answer({"error": {"code": 4}}, 400)],
            RefusalKind.THROTTLED,
        ),
        ([answer({"attachments": SHOWS_VIDEO}), answer({"live_status": 7})], RefusalKind.PERMANENT),
    ],
)
async def test_p5_a_refusal_of_either_call_has_its_class(
    answers: list[HttpAnswer], kind: RefusalKind
) -> None:
    found, _ = await read(*answers)
    assert isinstance(found, ChannelRefusal)
    assert found.kind is kind
