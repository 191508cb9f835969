"""The names by which others know ingest. Both are stored, and never change."""

SERVICE = "ingest"
"""In logs, metrics and dead letters."""

SOURCE = "tuyen/ingest"
"""The CloudEvents source of its events."""
