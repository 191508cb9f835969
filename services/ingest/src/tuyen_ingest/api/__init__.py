"""Ingest's HTTP interface."""
