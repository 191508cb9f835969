"""Handles commands about the setup: all kinds of entities are created, replaced and removed
alike."""

from typing import Any

from tuyen_crm.domain.decision import (
    CommandDecision,
    build_event,
    decide_applied,
    decide_conflict,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.known import KnownState
from tuyen_events.crm.records import CrmRefusal, SetupCommand, SetupEvent
from tuyen_events.limits import CRM_SETUP_ENTITIES


def put_entity(
    known: KnownState,
    kind: str,
    command: SetupCommand,
    changed: type[SetupEvent],
    *,
    most: int = CRM_SETUP_ENTITIES,
    **more: Any,
) -> CommandDecision:
    """Creates an entity, if there are less than `most` of its kind, or replaces the one with that
    id. `more` are the fields of the event that the command does not have."""
    entity = known.setup(kind, command.id)
    version = 0 if entity is None else entity.sequence
    if command.expected_version not in (None, version):
        return decide_conflict(version)
    if entity is None and len(known.list_setup(kind)) >= most:
        return decide_refused(CrmRefusal.TOO_MANY)
    return decide_applied(build_event(command, changed, known.setup_sequence() + 1, **more))


def remove_entity(
    known: KnownState, kind: str, command: SetupCommand, removed: type[SetupEvent]
) -> CommandDecision:
    """Removes an entity; if there is none, nothing changes."""
    entity = known.setup(kind, command.id)
    if entity is None:
        return decide_unchanged(0)
    if command.expected_version not in (None, entity.sequence):
        return decide_conflict(entity.sequence)
    return decide_applied(build_event(command, removed, known.setup_sequence() + 1))
