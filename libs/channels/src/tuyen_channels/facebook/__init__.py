"""Facebook: Messenger and the page feed with its livestreams, through Meta's webhooks."""
