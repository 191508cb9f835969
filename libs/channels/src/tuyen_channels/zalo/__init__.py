"""Zalo: messages to a shop's Official Account, through Zalo's webhooks."""

from tuyen_channels.ports import WebhookChannel
from tuyen_channels.zalo.channel import ZaloChannel

CHANNEL: type[WebhookChannel] = ZaloChannel
"""Zalo as a channel."""
