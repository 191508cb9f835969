"""The names by which others know the gateway. Both are stored, and never change."""

SERVICE = "gateway"
"""In logs, metrics and dead letters."""

SOURCE = "gateway"
"""The CloudEvents source of its events."""
