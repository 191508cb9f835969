"""Reads the rows of files as contacts (C9)."""
