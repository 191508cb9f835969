"""Serves agents and managers: inbox, staff, settings, assignments."""
