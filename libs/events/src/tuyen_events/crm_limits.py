"""Limits of the CRM (R9.5)."""

VIEWERS_BY_HAND = 200
"""Agents with whom one contact is shared by hand."""

AGENTS_OF_SHARING_RULE = 200
SHARING_RULES_OF_CAMPAIGN = 10
"""Agents of one sharing rule, and rules for one campaign: each of its contacts has all of these
agents in its state."""

SHARING_EVERY_MINUTES = 7 * 24 * 60
"""The longest time between two runs of a sharing rule."""
