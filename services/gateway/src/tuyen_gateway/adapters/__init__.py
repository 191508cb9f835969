"""Connects the gateway to the log and to MongoDB."""
