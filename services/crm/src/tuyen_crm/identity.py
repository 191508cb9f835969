"""The names by which others know the CRM. Both are stored, and never change."""

SERVICE = "crm"
"""In logs, metrics and dead letters."""

SOURCE = "tuyen/crm"
"""The CloudEvents source of its events."""
