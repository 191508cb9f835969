"""Gives each conversation to one agent by the organization's rules."""
