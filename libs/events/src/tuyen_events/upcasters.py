"""Old versions of events, brought to today's: one pure function for each step.

An entry's key is the stored type name of the old version. Nothing has a second version yet.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tuyen_events.event import Event

UPCASTERS: Mapping[str, Callable[[Event], Event]] = MappingProxyType({})
