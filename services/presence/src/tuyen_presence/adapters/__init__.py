"""Connects presence to the directory."""
