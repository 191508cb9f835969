"""The commands and events of the CRM: one module for each entity.

Modules of this package are found by their place. Their commands (`CrmCommand`) belong to the topic
`crm-commands` and their events (`CrmEvent`) to `contacts`; nothing else has to list them.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import TypeVar

from tuyen_events.crm.records import CrmCommand, CrmEvent
from tuyen_events.event import Event

MODULES: tuple[ModuleType, ...] = tuple(
    import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__)
)
"""In the order of their names."""

RecordT = TypeVar("RecordT", bound=Event)


def _list_stored(base: type[RecordT]) -> Iterator[type[RecordT]]:
    for module in MODULES:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, base) and "type" in vars(value):
                yield value


COMMAND_TYPES: tuple[type[CrmCommand], ...] = tuple(_list_stored(CrmCommand))
EVENT_TYPES: tuple[type[CrmEvent], ...] = tuple(_list_stored(CrmEvent))
