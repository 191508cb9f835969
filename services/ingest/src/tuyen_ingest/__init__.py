"""Accepts signed webhooks and writes their events to Kafka."""
