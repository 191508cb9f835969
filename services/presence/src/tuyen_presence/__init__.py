"""Knows which agents are online, from sessions with leases."""
