"""All events by their stored type names."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType

from tuyen_events import (
    assignments,
    audit,
    commands,
    crm,
    dead_letters,
    desk,
    directory,
    inbound,
    jobs,
    marks,
    media,
    outbound,
    pools,
    posts,
    presence,
    replays,
    routing,
    viewing,
)
from tuyen_events.event import Event

_MODULES: tuple[ModuleType, ...] = (
    assignments,
    audit,
    commands,
    dead_letters,
    desk,
    directory,
    inbound,
    jobs,
    marks,
    media,
    outbound,
    pools,
    posts,
    presence,
    replays,
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
