"""Which role may do what: the one table, asked in one place.

Decides R6.1.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from tuyen_events.vocabulary import Role


class Right(StrEnum):
    """Something that not everybody may do. What needs no right, every agent may."""

    MANAGE = "manage"
    """Change staff, pages and who works on them, settings, rules, the support team."""
    READ_SETUP = "read_setup"
    """See all that was set up: staff in full, settings, rules, the support team."""
    ASSIGN = "assign"
    """Assign, reassign and unassign conversations by hand (R6.1)."""
    EXPLAIN = "explain"
    """See of a decision who could not be chosen and why, and how busy the chosen one was (R9.4)."""
    SET_PRESENCE = "set_presence"
    """Set another agent's presence (R8.3)."""


_MANAGERS = frozenset({Right.READ_SETUP, Right.ASSIGN, Right.EXPLAIN, Right.SET_PRESENCE})

RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.SYSTEM_ADMIN: frozenset(Right),
        Role.CHAIN_MANAGER: _MANAGERS,
        Role.STORE_MANAGER: _MANAGERS,
        Role.SALES_MANAGER: _MANAGERS,
        Role.AGENT: frozenset(),
    }
)
