"""The names by which others know the service. Both are stored, and never change."""

SERVICE = "outbound"
"""In logs, metrics and dead letters."""

SOURCE = "tuyen/outbound"
"""The CloudEvents source of its events."""
