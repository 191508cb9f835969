"""The entities of the CRM: one folder for each. `ENTITIES` lists them; folders are found by place.

Each folder has an `ENTITY`, which consists of `decide` (which events follow from a command),
`view` (how events change the documents, and the history in words) and, for entities whose events
change what later decisions depend on, `evolve`. A module with the same name is in
`tuyen_events.crm` (commands and events), in `tuyen_views` (documents) and in
`tuyen_gateway.api.crm` (routes).
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities.entity import Entity
from tuyen_events.crm.records import ContactEvent, CrmCommand, CrmEvent
from tuyen_views.contacts import ContactDocument

AnyEntity = Entity[Any, Any, Any]
"""The functions of an entity take only the commands and events that the entity lists."""


def _find_entities() -> Iterator[AnyEntity]:
    for folder in iter_modules(__path__):
        if folder.ispkg:
            entity = import_module(f"{__name__}.{folder.name}").ENTITY
            if not isinstance(entity, Entity) or entity.name != folder.name:
                raise TypeError(f"{folder.name} has no ENTITY of that name")
            yield entity


ENTITIES: tuple[AnyEntity, ...] = tuple(_find_entities())
BY_NAME: Mapping[str, AnyEntity] = {entity.name: entity for entity in ENTITIES}
BY_COMMAND: Mapping[type[CrmCommand], AnyEntity] = {
    command: entity for entity in ENTITIES for command in entity.commands
}
BY_EVENT: Mapping[type[CrmEvent], AnyEntity] = {
    event: entity for entity in ENTITIES for event in entity.events
}


def evolve(contact: ContactState | None, event: ContactEvent) -> ContactState | None:
    """The state after the event. An event whose sequence is not new changes nothing."""
    if contact is not None and event.sequence <= contact.sequence:
        return contact
    return BY_EVENT[type(event)].evolve(contact, event)


def fold_contact(document: ContactDocument | None, event: ContactEvent) -> ContactDocument | None:
    """The contact's document after any of its events. An event whose sequence is not new changes
    nothing."""
    if document is not None and event.sequence <= document.sequence:
        return document
    contacts, entity = BY_NAME["contacts"], BY_EVENT[type(event)]
    own = entity if entity.view is contacts.view else contacts
    after: ContactDocument | None = own.fold(document, event)
    return after if after is None or own is entity else entity.show(after, event)
