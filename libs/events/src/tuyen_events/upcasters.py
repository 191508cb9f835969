"""Upcasters: one pure function for each step from an old version of an event to the next.

An entry's key is the stored type name of the old version. No event has a second version yet.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tuyen_events.event import Event

UPCASTERS: Mapping[str, Callable[[Event], Event]] = MappingProxyType({})
