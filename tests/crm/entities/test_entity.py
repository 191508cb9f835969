"""Every entity of the CRM is found by its name in four places."""

from importlib import import_module

import pytest
from fastapi import APIRouter

from tuyen_crm.entities import ENTITIES, AnyEntity
from tuyen_events.crm import COMMAND_TYPES, EVENT_TYPES
from tuyen_gateway.api import crm
from tuyen_views.contacts import CONTACTS_VIEW
from tuyen_views.view import View


def test_the_entities_of_the_crm() -> None:
    assert [entity.name for entity in ENTITIES] == [
        "appointments",
        "calls",
        "campaigns",
        "claims",
        "contacts",
        "deals",
        "imports",
        "leads",
        "merge_proposals",
        "merges",
        "notes",
        "pipelines",
        "shared_numbers",
        "shares",
        "sharing_rules",
        "steps",
        "suggestions",
        "tags",
        "tasks",
        "teams",
        "tickets",
        "warehouses",
    ]


def test_every_command_and_event_of_the_crm_belongs_to_one_entity() -> None:
    assert [command for entity in ENTITIES for command in entity.commands] == list(COMMAND_TYPES)
    assert [event for entity in ENTITIES for event in entity.events] == list(EVENT_TYPES)


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_an_entity_has_its_name_everywhere(entity: AnyEntity) -> None:
    events = import_module(f"tuyen_events.crm.{entity.name}")
    assert {cls.__module__ for cls in (*entity.commands, *entity.events)} == {events.__name__}
    if entity.view is not CONTACTS_VIEW:
        views = vars(import_module(f"tuyen_views.{entity.name}")).values()
        assert entity.view in [each for each in views if isinstance(each, View)]
    router = import_module(f"tuyen_gateway.api.crm.{entity.name}").router
    assert isinstance(router, APIRouter)
    assert router in crm.ROUTERS
    decide = import_module(f"tuyen_crm.entities.{entity.name}.decide")
    assert entity.decide is decide.decide


def test_no_two_entities_share_a_collection_but_that_of_contacts() -> None:
    collections = [
        entity.view.collection for entity in ENTITIES if entity.view is not CONTACTS_VIEW
    ]
    assert len(set(collections)) == len(collections)
