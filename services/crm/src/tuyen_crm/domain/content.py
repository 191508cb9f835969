"""Merges the content of two contacts, and separates it again.

The values of the older contact win. A field that it does not have gets the value of the other one;
in fields with several values, those of the other contact come after its own. Shares by sharing
rules are not taken over: the rules of the campaign are applied again.

Decides C4.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from tuyen_events.crm.contacts import ContactContent, ContactPatched, CustomerOfContact
from tuyen_events.crm.merges import GainedContent
from tuyen_events.crm.suggestions import Suggestion, list_open
from tuyen_events.crm_limits import CONTACT_DECLINED, CONTACT_SUGGESTIONS
from tuyen_events.custom_fields import is_same_value
from tuyen_events.ids import AgentId
from tuyen_events.limits import CONTACT_CUSTOM_VALUES, CONTACT_EMAILS, CONTACT_PHONES

FIELDS = ContactContent.__struct_fields__

MANUALLY = ""
"""Stands for an agent, in the place of a rule, as the reason of a share."""

_SINGLE = (
    "name",
    "gender",
    "birthday",
    "address",
    "location",
    "assignee",
    "campaign_id",
    "care_status",
)
_SEVERAL = (
    "phones",
    "emails",
    "tags",
    "customers",
    "custom",
    "steps",
    "shares",
    "suggestions",
    "declined",
)
"""Fields with several values, which are merged by their keys. The warehouse and the source are not
merged."""
_MOST = {"suggestions": CONTACT_SUGGESTIONS, "declined": CONTACT_DECLINED}
"""How many values of these fields are kept. Contacts that together have too many values of another
field are not merged."""


def content_of(contact: ContactContent) -> ContactContent:
    """The content alone, from the state of a contact."""
    return ContactContent(**{name: getattr(contact, name) for name in FIELDS})


def list_patched_fields(before: Mapping[str, Any], event: ContactPatched) -> dict[str, Any]:
    """The fields that the event changes, by their names; `before` are the values of `custom`."""
    given = {
        name: value
        for name in FIELDS
        if (value := getattr(event, name, UNSET)) is not UNSET and name != "custom"
    }
    if event.custom is not UNSET:
        changed = {**before, **event.custom}
        given["custom"] = {name: value for name, value in changed.items() if value is not None}
    return given


def find_lacking(
    contact: ContactContent,
    given: Mapping[str, Any],
    *,
    overwrite: bool,
    hidden: Collection[str],
) -> dict[str, Any]:
    """The fields of a patch that adds those of the `given` values which the contact lacks.

    With `overwrite`, given values replace those of the contact. Phone numbers and emails are only
    ever added; those that an agent removed or declined are added with `overwrite` alone. The values
    of the custom fields in `hidden` are always replaced. A contact gets no more phone numbers,
    emails and custom values than it may have."""
    changed: dict[str, Any] = {}
    for name in _SINGLE:
        before, value = getattr(contact, name), given.get(name)
        if value is not None and value != before and (overwrite or before is None):
            changed[name] = value
    for name, most in (("phones", CONTACT_PHONES), ("emails", CONTACT_EMAILS)):
        before = getattr(contact, name)
        new = (each for each in given.get(name, ()) if overwrite or each not in contact.declined)
        every = tuple(dict.fromkeys((*before, *new)))[: max(most, len(before))]
        if every != before:
            changed[name] = every
    custom, room = {}, CONTACT_CUSTOM_VALUES - len(contact.custom)
    for name, value in given.get("custom", {}).items():
        is_new = name not in contact.custom
        if is_same_value(contact.custom.get(name), value) or (is_new and room <= 0):
            continue
        if overwrite or is_new or name in hidden:
            custom[name] = value
            room -= is_new
    return {**changed, "custom": custom} if custom else changed


def absorb(older: ContactContent, other: ContactContent) -> tuple[ContactContent, GainedContent]:
    """The content of both contacts together, and what of it the older one did not have."""
    older, other = _without_answered(older), _without_answered(_without_rules(other))
    fields = {
        name: getattr(other, name)
        for name in _SINGLE
        if getattr(older, name) is None and getattr(other, name) is not None
    }
    several, values = {}, {}
    for name in _SEVERAL:
        own, theirs = _by_key(older, name), _by_key(other, name)
        kept = list({**own, **theirs})[: _MOST.get(name)]
        several[name] = _from_keys(name, {**theirs, **own}, kept)
        gained = tuple(key for key in kept if key not in own)
        if gained:
            values[name] = gained
    several["shares"] = _add_shares(several["shares"], other.shares)
    content = msgspec.structs.replace(older, **fields, **several)
    return content, GainedContent(fields=tuple(fields), values=values)


def release(
    now: ContactContent,
    gained: GainedContent,
    gone: ContactContent,
    still: Mapping[str, ContactContent],
) -> tuple[ContactContent, dict[str, GainedContent]]:
    """The content without the values that it had only because of the contact `gone`, and those that
    it now has because of the contacts that are `still` merged into it. Values that were changed
    since the merge stay."""
    gone = _without_rules(gone)
    still = {id_: _without_rules(each) for id_, each in still.items()}
    fields: dict[str, Any] = {}
    moved_fields: dict[str, list[str]] = {}
    for name in gained.fields:
        if getattr(now, name) == getattr(gone, name):
            heirs = ((key, getattr(each, name)) for key, each in still.items())
            heir = next(((key, value) for key, value in heirs if value is not None), None)
            fields[name] = None if heir is None else heir[1]
            if heir is not None:
                moved_fields.setdefault(heir[0], []).append(name)
    several: dict[str, Any] = {}
    moved_values: dict[str, dict[str, list[str]]] = {}
    for name, keys in gained.values.items():
        values = _by_key(now, name)
        for key in keys:
            heir_id = next((id_ for id_, each in still.items() if key in _by_key(each, name)), None)
            if heir_id is not None:
                moved_values.setdefault(heir_id, {}).setdefault(name, []).append(key)
            elif name == "customers" or values.get(key) == _by_key(gone, name).get(key):
                values.pop(key, None)
        several[name] = _from_keys(name, values, list(values))
    moved = {
        id_: GainedContent(
            fields=tuple(moved_fields.get(id_, ())),
            values={name: tuple(keys) for name, keys in moved_values.get(id_, {}).items()},
        )
        for id_ in [id_ for id_ in still if id_ in moved_fields or id_ in moved_values]
    }
    return msgspec.structs.replace(content_of(now), **fields, **several), moved


def restore_content(gone: ContactContent, now: ContactContent) -> ContactContent:
    """The content of a contact that is separated again: what it was before the merge, with its
    customers as they are today."""
    today = {customer.id: customer for customer in now.customers}
    customers = tuple(today.get(customer.id, customer) for customer in gone.customers)
    return msgspec.structs.replace(_without_rules(gone), customers=customers)


def _without_rules(content: ContactContent) -> ContactContent:
    """The content with the shares that were given manually, and no others."""
    shares = {agent: (MANUALLY,) for agent, given in content.shares.items() if MANUALLY in given}
    return msgspec.structs.replace(content_of(content), shares=shares)


def _without_answered(content: ContactContent) -> ContactContent:
    """The content with the suggestions that wait for an answer, and no others."""
    return msgspec.structs.replace(content_of(content), suggestions=list_open(content))


def _add_shares(
    shares: Mapping[AgentId, tuple[str, ...]], more: Mapping[AgentId, tuple[str, ...]]
) -> dict[AgentId, tuple[str, ...]]:
    return {
        agent: tuple(sorted({*reasons, *more.get(agent, ())})) for agent, reasons in shares.items()
    }


def _by_key(content: ContactContent, name: str) -> dict[str, Any]:
    value: Any = getattr(content, name)
    if isinstance(value, dict):
        return dict(value)
    with_ids = CustomerOfContact | Suggestion
    return {each.id if isinstance(each, with_ids) else each: each for each in value}


def _from_keys(name: str, values: Mapping[str, Any], order: list[str]) -> Any:
    kept = {key: values[key] for key in dict.fromkeys(order)}
    return kept if name in ("custom", "steps", "shares") else tuple(kept.values())


def add_gained(one: GainedContent, more: GainedContent) -> GainedContent:
    """What was gained by two merges together."""
    names = {**one.values, **more.values}
    return GainedContent(
        fields=(*one.fields, *more.fields),
        values={name: (*one.values.get(name, ()), *more.values.get(name, ())) for name in names},
    )
