"""The names by which others know the router. Both are stored, and never change."""

SERVICE = "router"
"""In logs, metrics and dead letters."""

SOURCE = "router"
"""The CloudEvents source of its events."""
