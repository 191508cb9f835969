"""Carries out what agents request at the channels: replies, and actions on comments (I6, I8)."""
