"""Maintains the contacts behind the conversations."""
