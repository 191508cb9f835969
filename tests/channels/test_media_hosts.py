"""From where media are fetched."""

import pytest

from tuyen_channels.media_hosts import serves_media
from tuyen_events.vocabulary import Channel


@pytest.mark.parametrize(
    ("channel", "host"),
    [
        (Channel.FACEBOOK, "scontent.xx.fbcdn.net"),
        (Channel.FACEBOOK, "CDN.fbsbx.com."),
        (Channel.ZALO, "f1-photo.zdn.vn"),
        (Channel.ZALO, "zdn.vn"),
    ],
)
def test_i6_a_channels_hosts_serve_its_media(channel: Channel, host: str) -> None:
    assert serves_media(channel, host)


@pytest.mark.parametrize(
    ("channel", "host"),
    [
        (Channel.FACEBOOK, "evilfbcdn.net"),
        (Channel.FACEBOOK, "fbcdn.net.evil.example"),
        (Channel.FACEBOOK, "f1.zdn.vn"),
        (Channel.ZALO, "127.0.0.1"),
        (Channel.ZALO, ""),
        (Channel.LIVECHAT, "scontent.xx.fbcdn.net"),
        (Channel("of_a_later_version"), "scontent.xx.fbcdn.net"),
    ],
)
def test_i6_no_other_host_does(channel: Channel, host: str) -> None:
    assert not serves_media(channel, host)
