"""Handles the rows of files (C9).

Which contacts are the same person is decided in the order of the commands, also for two rows of one
file, and for two files at once.

Decides C9.
"""

from dataclasses import replace
from typing import Any

from msgspec import UNSET

from tuyen_crm.domain.content import find_lacking
from tuyen_crm.domain.decision import CommandDecision, decide_unchanged
from tuyen_crm.domain.index_keys import email_key, phone_key
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities.contact_fields.values import list_hidden
from tuyen_crm.entities.contacts.decide import add_labelled
from tuyen_crm.entities.contacts.decide import decide as decide_contact
from tuyen_crm.entities.merges.merging import SHARED_NUMBERS
from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE, AddContact, PatchContact
from tuyen_events.crm.imports import Duplicates, ImportContact
from tuyen_events.crm.tags import fold_tag
from tuyen_events.ids import ContactId

_GIVEN = (
    "name",
    "phones",
    "emails",
    "gender",
    "birthday",
    "address",
    "location",
    "custom",
    "campaign_id",
    "care_status",
)


def decide(known: KnownState, command: ImportContact) -> CommandDecision:
    if known.last_sequence(command.contact_id):
        return decide_unchanged(known.last_sequence(command.contact_id))
    existing = _find_existing(known, command)
    if existing is None:
        return add_labelled(known, _build_added(command), _build_labels(command))
    contact_id, contact, value = existing
    if contact.warehouse_id not in command.managed and contact.assignee != command.by:
        return replace(decide_unchanged(0), known_elsewhere=(value,))
    if command.duplicates is Duplicates.SKIP:
        return decide_unchanged(contact.version)
    changed = _find_changes(known, contact, command)
    if not changed:
        return replace(
            decide_unchanged(contact.version),
            known_elsewhere=_list_known(known, command, contact_id),
        )
    patch = PatchContact(
        command_id=command.command_id,
        organization=command.organization,
        contact_id=contact_id,
        by=command.by,
        administrator=DEFAULT_WAREHOUSE in command.managed,
        at=command.at,
        merging=command.merging,
        **changed,
    )
    return decide_contact(known, patch)


def _find_changes(
    known: KnownState, contact: ContactState, command: ImportContact
) -> dict[str, Any]:
    """The fields of a patch that gives the contact what is in the row. Tags are only ever added,
    and the assignee is changed by managers alone (W5)."""
    overwrite = command.duplicates is Duplicates.OVERWRITE
    given = {name: getattr(command, name) for name in _GIVEN}
    if {contact.warehouse_id, command.warehouse_id} <= {*command.managed}:
        given["assignee"] = command.assignee
    hidden = list_hidden(known, contact.custom, command.custom)
    changed = find_lacking(contact, given, overwrite=overwrite, hidden=hidden)
    has = {fold_tag(each) for each in contact.tags}
    tags = tuple(each for each in command.tags if fold_tag(each) not in has)
    steps = {
        pipeline_id: step_id
        for pipeline_id, step_id in command.steps.items()
        if overwrite or pipeline_id not in contact.steps
        if contact.steps.get(pipeline_id) != step_id
    }
    changed |= {"tags_added": tags} if tags else {}
    return changed | ({"steps": steps} if steps else {})


def _list_known(known: KnownState, command: ImportContact, existing: ContactId) -> tuple[str, ...]:
    """The row's numbers and emails that another contact than `existing` has as well: also for a row
    that was carried out before, whose import then lost the answer."""
    return tuple(
        value for value, key in _list_facts(known, command) if {*known.find(key, 2)} - {existing}
    )


def _find_existing(
    known: KnownState, command: ImportContact
) -> tuple[ContactId, ContactState, str] | None:
    """The first contact that has one of the row's numbers or emails, of those that are not shared
    by many people; and that number or email."""
    for value, key in _list_facts(known, command):
        for contact_id in known.find(key, 1):
            contact = known.contact(contact_id)
            if contact is not None:
                return contact_id, contact, value
    return None


def _list_facts(known: KnownState, command: ImportContact) -> list[tuple[str, str]]:
    """The row's numbers and emails that are not shared by many people, each with its index key."""
    keys = {value: phone_key(value) for value in command.phones}
    keys |= {value: email_key(value) for value in command.emails}
    return [each for each in keys.items() if known.setup(SHARED_NUMBERS, each[0]) is None]


def _build_labels(command: ImportContact) -> PatchContact:
    return PatchContact(
        command_id=command.command_id,
        organization=command.organization,
        contact_id=command.contact_id,
        by=command.by,
        at=command.at,
        campaign_id=UNSET if command.campaign_id is None else command.campaign_id,
        care_status=UNSET if command.care_status is None else command.care_status,
        tags_added=command.tags,
        steps={**command.steps},
    )


def _build_added(command: ImportContact) -> AddContact:
    fields = {
        name: getattr(command, name)
        for name in AddContact.__struct_fields__
        if hasattr(command, name)
    }
    return AddContact(**fields)
