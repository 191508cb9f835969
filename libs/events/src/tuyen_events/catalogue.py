"""All events by their stored type names."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType

from tuyen_events import (
    assignments,
    commands,
    crm,
    dead_letters,
    directory,
    inbound,
    jobs,
    marks,
    outbound,
    pools,
    posts,
    presence,
    routing,
    viewing,
)
from tuyen_events.event import Event

_MODULES: tuple[ModuleType, ...] = (
    assignments,
    commands,
    dead_letters,
    directory,
    inbound,
    jobs,
    marks,
    outbound,
    pools,
    posts,
    presence,
    routing,
    viewing,
    *crm.MODULES,
)


def _events() -> Iterator[type[Event]]:
    for module in _MODULES:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Event) and "type" in vars(value):
                yield value


EVENT_TYPES: Mapping[str, type[Event]] = MappingProxyType({cls.type: cls for cls in _events()})
"""Stored type name to class, for every event that is in a topic."""
