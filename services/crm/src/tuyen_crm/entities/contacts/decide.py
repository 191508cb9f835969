"""Handles commands about a contact itself.

Decides C1, C4 and C12.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any, assert_never

import msgspec
from msgspec import UNSET

from tuyen_crm.domain.content import list_patched_fields
from tuyen_crm.domain.decision import (
    NOT_FOUND,
    CommandDecision,
    append_event,
    build_event,
    decide_applied,
    decide_conflict,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.domain.suggesting import offer
from tuyen_crm.domain.survivors import find_survivor
from tuyen_crm.entities.contact_fields.values import (
    forget_removed,
    name_fields,
    refuse_missing,
    refuse_values,
)
from tuyen_crm.entities.contacts.patching import apply_assignments_and_labels, keep_details
from tuyen_crm.entities.merges.drafts import Cause, DecisionDraft, cause_of
from tuyen_crm.entities.merges.merging import decide_merges
from tuyen_crm.entities.merges.proposing import close_all, close_lost
from tuyen_crm.entities.warehouses.distributing import distribute
from tuyen_crm.entities.warehouses.placing import has_warehouse, place_new, warehouse_for
from tuyen_events.crm.calls import RecordCall
from tuyen_events.crm.contacts import (
    DEFAULT_WAREHOUSE,
    AddContact,
    ContactAdded,
    ContactContent,
    ContactCreated,
    ContactNamed,
    ContactPatched,
    ContactRemoved,
    ContactRenamed,
    ObserveCustomer,
    PatchContact,
    RemoveContact,
    RenameContact,
)
from tuyen_events.crm.leads import ReceiveLead
from tuyen_events.crm.records import CrmRefusal
from tuyen_events.crm.suggestions import SuggestionsOffered
from tuyen_events.custom_fields import is_same_value
from tuyen_events.ids import AgentId, ContactId

OwnContactCommand = ObserveCustomer | AddContact | PatchContact | RemoveContact | RenameContact


def decide(known: KnownState, command: OwnContactCommand) -> CommandDecision:
    match command:
        case ObserveCustomer():
            return _observe(known, command)
        case AddContact():
            return _add(known, command)
        case PatchContact():
            contact = known.contact(command.contact_id)
            return NOT_FOUND if contact is None else _patch(known, contact, command)
        case RemoveContact():
            contact = known.contact(command.contact_id)
            return decide_unchanged(0) if contact is None else _remove(known, contact, command)
        case RenameContact():
            contact = known.contact(command.contact_id)
            return NOT_FOUND if contact is None else _rename(contact, command)
        case _:
            assert_never(command)


def _observe(known: KnownState, command: ObserveCustomer) -> CommandDecision:
    """Creates the contact of a customer, once, and gives each of its customers the first name that
    the channel sends. Values that an agent entered do not change: phone numbers and emails that the
    customer writes are only offered (C3). If the contact was merged, its survivor is changed."""
    survivor = find_survivor(known, command.contact_id)
    draft = DecisionDraft(
        known,
        Cause(
            organization=command.organization,
            caused_by=command.caused_by,
            at=command.at,
            merging=command.merging,
        ),
    )
    if survivor is None:
        return _offer(draft, command.contact_id, _create(draft, command), command)
    return _offer(draft, survivor[0], _complete(draft, *survivor, command), command)


def _create(draft: DecisionDraft, command: ObserveCustomer) -> CommandDecision:
    created = _build_created(draft.known, command)
    draft.add(created)
    return _merge_and_distribute(draft, created, created.warehouse_id, command.staff)


def _complete(
    draft: DecisionDraft, contact_id: ContactId, contact: ContactState, command: ObserveCustomer
) -> CommandDecision:
    """The contact gets what it lacks: the customer's name, and a phone number or email that a site
    sent of its visitor, if the contact had none before."""
    about: dict[str, Any] = {
        "organization": command.organization,
        "contact_id": contact_id,
        "caused_by": command.caused_by,
        "at": command.at,
    }
    if command.name is not None and command.customer_id in contact.nameless:
        draft.add(
            ContactNamed(
                **about,
                sequence=contact.sequence + 1,
                customer_id=command.customer_id,
                name=command.name,
                picture=command.picture,
                renamed=contact.renamed,
            )
        )
    lacking = _find_lacking(contact, command)
    if lacking:
        sequence = draft.require(contact_id).sequence + 1
        draft.add(ContactPatched(**about, **lacking, sequence=sequence))
    if not draft.events:
        return decide_unchanged(contact.version)
    return decide_merges(draft, contact_id, {*contact.phones, *contact.emails})


def _find_lacking(contact: ContactState, command: ObserveCustomer) -> dict[str, Any]:
    """The phone numbers if the contact has none, and the emails if it has none; without those that
    an agent declined or removed."""
    given = {"phones": command.phones, "emails": command.emails}
    new = {
        field: tuple(each for each in values if each not in contact.declined)
        for field, values in given.items()
        if not getattr(contact, field)
    }
    return {field: values for field, values in new.items() if values}


def _offer(
    draft: DecisionDraft, own_id: ContactId, decision: CommandDecision, command: ObserveCustomer
) -> CommandDecision:
    """The decision, with an offer of the phone numbers and emails that the customer wrote, or the
    site sent, and the contact does not have."""
    contact_id = decision.survivor or own_id
    contact = draft.require(contact_id)
    values = (*command.phones, *command.emails, *command.written)
    offered = offer(contact, values, command.organization, command.conversation_id)
    if not offered:
        return decision
    own = [event for event in decision.events if event.subject == contact_id]
    event = SuggestionsOffered(
        organization=command.organization,
        contact_id=contact_id,
        sequence=(own[-1].sequence if own else contact.sequence) + 1,
        offered=offered,
        caused_by=command.caused_by,
        at=command.at,
    )
    return append_event(decision, event) if decision.events else decide_applied(event)


def _build_created(known: KnownState, command: ObserveCustomer) -> ContactCreated:
    return ContactCreated(
        organization=command.organization,
        contact_id=command.contact_id,
        sequence=known.last_sequence(command.contact_id) + 1,
        customer_id=command.customer_id,
        page_id=command.page_id,
        channel=command.channel,
        external_id=command.external_id,
        name=command.name,
        picture=command.picture,
        phone=command.phone,
        email=command.email,
        gender=command.gender,
        location=command.location,
        browser=command.browser,
        page_url=command.page_url,
        phones=command.phones,
        emails=command.emails,
        warehouse_id=warehouse_for(known, command.page_id),
        caused_by=command.caused_by,
        at=command.at,
    )


def add_labelled(known: KnownState, command: AddContact, labels: PatchContact) -> CommandDecision:
    """Creates a contact, and gives it the campaign, the tags and the steps of `labels`: all of it,
    or nothing if one of them is refused."""
    return _add(known, command, labels)


def _add(
    known: KnownState, command: AddContact, labels: PatchContact | None = None
) -> CommandDecision:
    if known.last_sequence(command.contact_id):
        return decide_refused(CrmRefusal.ID_TAKEN)
    warehouse_id = command.warehouse_id or DEFAULT_WAREHOUSE
    if not has_warehouse(known, warehouse_id):
        return decide_refused(CrmRefusal.UNKNOWN_REFERENCE)
    manual = command.source is None
    unfit = refuse_values(known, {}, command.custom)
    unfit = unfit or (refuse_missing(known, command.custom) if manual else None)
    if unfit is not None:
        return unfit
    content = ContactContent(
        name=command.name,
        phones=command.phones,
        emails=command.emails,
        gender=command.gender,
        birthday=command.birthday,
        address=command.address,
        location=command.location,
        custom=command.custom,
        source=command.source,
        warehouse_id=warehouse_id,
        assignee=command.assignee,
    )
    draft = DecisionDraft(known, cause_of(command))
    added = build_event(command, ContactAdded, 1, content=content)
    draft.add(added)
    refused = None if labels is None else apply_assignments_and_labels(draft, labels)
    if refused is not None:
        return refused
    staff = command.staff if command.assignee is None else ()
    return _merge_and_distribute(draft, added, warehouse_id, staff)


def add_from_source(
    known: KnownState,
    command: RecordCall | ReceiveLead,
    content: ContactContent,
) -> CommandDecision:
    """The decision to create a contact for a call or a lead of an integration, which is its source
    and determines its warehouse."""
    source = command.integration_id
    warehouse_id = place_new(known, source, command.warehouse_id)
    content = msgspec.structs.replace(content, source=source, warehouse_id=warehouse_id)
    sequence = known.last_sequence(command.contact_id) + 1
    added = build_event(command, ContactAdded, sequence, content=content)
    draft = DecisionDraft(known, cause_of(command))
    draft.add(added)
    return _merge_and_distribute(draft, added, warehouse_id, command.staff)


def _merge_and_distribute(
    draft: DecisionDraft,
    created: ContactCreated | ContactAdded,
    warehouse_id: str,
    staff: Collection[AgentId],
) -> CommandDecision:
    """The decision after a contact was created: it is merged into one with the same phone number
    or email (C2); otherwise its warehouse may give it to one of `staff` (W5)."""
    merged = decide_merges(draft, created.contact_id, frozenset())
    if merged.survivor is not None:
        return merged
    given = distribute(draft.known, created, warehouse_id, staff)
    if given is None:
        return merged
    sequence = draft.require(created.contact_id).sequence + 1
    return append_event(merged, msgspec.structs.replace(given, sequence=sequence))


def _patch(known: KnownState, contact: ContactState, command: PatchContact) -> CommandDecision:
    if contact.merged_into is not None:
        return NOT_FOUND
    if command.expected_version not in (None, contact.version):
        return decide_conflict(contact.version)
    given = {} if command.custom is UNSET else command.custom
    unfit = refuse_values(known, contact.custom, given)
    if unfit is not None:
        return unfit
    draft = DecisionDraft(known, cause_of(command))
    refused = apply_assignments_and_labels(draft, command)
    if refused is not None:
        return refused
    latest = draft.require(command.contact_id)
    details = keep_details(command)
    if given:
        kept = forget_removed(known, contact.custom, given)
        details = msgspec.structs.replace(details, custom=kept)
    names = name_fields(known, given)
    event = build_event(details, ContactPatched, latest.sequence + 1, custom_names=names)
    changed = list_patched_fields(contact.custom, event)
    before = frozenset((*contact.phones, *contact.emails))
    if not all(_is_unchanged(contact, name, value) for name, value in changed.items()):
        left = {*changed.get("phones", contact.phones), *changed.get("emails", contact.emails)}
        draft.add(msgspec.structs.replace(event, removed=tuple(sorted(before - left))))
        close_lost(draft, command.contact_id)
    elif not draft.events:
        return decide_unchanged(contact.version)
    return decide_merges(draft, command.contact_id, before)


def _is_unchanged(contact: ContactState, name: str, value: Any) -> bool:
    before: Any = getattr(contact, name)
    if name != "custom":
        return bool(before == value)
    return before.keys() == value.keys() and all(
        is_same_value(before[each], value[each]) for each in value
    )


def _remove(known: KnownState, contact: ContactState, command: RemoveContact) -> CommandDecision:
    if contact.merged_into is not None:
        return NOT_FOUND
    if command.expected_version not in (None, contact.version):
        return decide_conflict(contact.version)
    draft = DecisionDraft(known, cause_of(command))
    close_all(draft, command.contact_id)
    sequence = draft.require(command.contact_id).sequence + 1
    customers = tuple(each.id for each in contact.customers)
    removed = build_event(
        command, ContactRemoved, sequence, merged=contact.merged, customers=customers
    )
    decision = decide_applied(*draft.events, *_remove_merged(draft, command, contact), removed)
    return replace(decision, follow_ups=draft.build_follow_ups(command.contact_id))


def _remove_merged(
    draft: DecisionDraft, command: RemoveContact, contact: ContactState
) -> list[ContactRemoved]:
    """Removes the contacts that were merged into it, since they still have their own values."""
    return [
        build_event(
            msgspec.structs.replace(command, contact_id=id_), ContactRemoved, merged.sequence + 1
        )
        for id_ in contact.merged
        if (merged := draft.contact(id_)) is not None
    ]


def _rename(contact: ContactState, command: RenameContact) -> CommandDecision:
    if command.expected_version not in (None, contact.version):
        return decide_conflict(contact.version)
    if command.name == contact.name:
        return decide_unchanged(contact.version)
    return decide_applied(
        build_event(command, ContactRenamed, contact.sequence + 1, previous_name=contact.name)
    )
