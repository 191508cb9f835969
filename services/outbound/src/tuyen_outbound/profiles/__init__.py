"""Asks channels who customers are, where their webhooks do not say."""
