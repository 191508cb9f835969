"""Livechat: messages of visitors from a shop's own site, signed with the token of its page."""

from tuyen_channels.livechat.channel import LivechatChannel
from tuyen_channels.ports import WebhookChannel

CHANNEL: type[WebhookChannel] = LivechatChannel
