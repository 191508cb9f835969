"""The names by which others know presence. Both are stored, and never change."""

SERVICE = "presence"
"""In logs, metrics and dead letters."""

SOURCE = "tuyen/presence"
"""The CloudEvents source of its events."""
