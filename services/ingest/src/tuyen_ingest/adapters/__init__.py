"""Ingest and the log."""
