"""Keeps the contacts behind the conversations."""
