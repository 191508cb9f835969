"""Facebook: Messenger and the page feed with its livestreams, through Meta's webhooks."""

from tuyen_channels.facebook.channel import FacebookChannel
from tuyen_channels.ports import WebhookChannel

CHANNEL: type[WebhookChannel] = FacebookChannel
