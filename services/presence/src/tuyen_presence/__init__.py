"""Knows which agents are online, by sessions with leases."""
