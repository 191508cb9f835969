"""Which role may do what: one table, used in one place.

Decides R6.1.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from tuyen_events.vocabulary import Role


class Right(StrEnum):
    """Something that not every role may do. What needs no right is allowed to every agent."""

    MANAGE = "manage"
    """Change staff, pages and who works on them, settings, rules, the support team."""
    READ_SETUP = "read_setup"
    """See everything that was set up: staff in full, settings, rules, the support team."""
    ASSIGN = "assign"
    """Assign, reassign and unassign conversations manually (R6.1)."""
    EXPLAIN = "explain"
    """See for a decision who was excluded and why, and how many conversations the chosen agent had
    (R9.4)."""
    CURATE = "curate"
    """Change what all agents use: templates, shared views (I7, I15)."""
    SET_PRESENCE = "set_presence"
    """Set another agent's presence (R8.3)."""


_MANAGERS = frozenset(
    {Right.READ_SETUP, Right.ASSIGN, Right.EXPLAIN, Right.CURATE, Right.SET_PRESENCE}
)

RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.SYSTEM_ADMIN: frozenset(Right),
        Role.CHAIN_MANAGER: _MANAGERS,
        Role.STORE_MANAGER: _MANAGERS,
        Role.SALES_MANAGER: _MANAGERS,
        Role.AGENT: frozenset(),
    }
)
