"""Facebook: Messenger and the page feed, livestreams among it, by Meta's webhooks."""
