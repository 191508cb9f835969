"""The queries for contacts, as MongoDB takes them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from tuyen_events.custom_fields import CustomFields
from tuyen_gateway.custom_texts import UnreadableTextError, read_filter
from tuyen_gateway.domain.contact_filter import ContactFilter, ContactOrder
from tuyen_gateway.domain.contact_visibility import ContactScope
from tuyen_gateway.errors import InvalidCursorError
from tuyen_platform.mongodb import Document
from tuyen_platform.text import fold_accents
from tuyen_views.contacts import (
    ADDRESS_SUFFIXES,
    AT_STEPS,
    CONTACTS_BY_ADDRESS,
    CONTACTS_BY_CAMPAIGN,
    CONTACTS_BY_CUSTOM,
    CONTACTS_BY_EMAIL,
    CONTACTS_BY_NAME,
    CONTACTS_BY_STEP,
    CONTACTS_BY_TAG,
    CUSTOM_VALUES,
    FOLDED_TAGS,
    ContactDocument,
    find_custom,
    sort_name_of,
)
from tuyen_views.names import (
    SUFFIX_CHARACTERS,
    find_suffix,
    is_suffix,
    match_each_part,
    match_part,
)

_PHONE = re.compile(r"[+\d\s().-]{2,}")
"""A search that may be for a phone number."""

_FIELDS = {
    ContactOrder.ID: "_id",
    ContactOrder.NAME: "sort_name",
    ContactOrder.CREATED_AT: "created_at",
    ContactOrder.UPDATED_AT: "updated_at",
}


def covering(scope: ContactScope) -> Document:
    """The query for the contacts that a scope covers: those for which `sight_of` is not
    `Sight.NOTHING`. Every count and export has it as a part."""
    return {"$or": [*_readable(scope), *_claimable(scope)]}


class TextPart(NamedTuple):
    """A part of a text that contacts are searched by. `indexed` is answered from the index of that
    name, with the contacts that are found and no others; `compared` is the same for an index in
    another order."""

    indexed: Document
    index_name: str
    compared: Document


class ContactsRead(NamedTuple):
    """One read of contacts. `hint` is the index, if MongoDB must not choose: a trial of several
    would be remembered for other texts."""

    query: Document
    hint: str | None


def list_custom_values(fields: CustomFields, custom: Mapping[str, str]) -> list[str] | None:
    """What contacts have in `CUSTOM_VALUES` if they match; None if none can match."""
    try:
        return [find_custom(each, read_filter(fields[each], text)) for each, text in custom.items()]
    except (KeyError, UnreadableTextError):
        return None


def list_text_parts(wanted: ContactFilter, custom: Sequence[str] = ()) -> list[TextPart]:
    """All parts of texts that contacts are searched by."""
    return [*_ways_of(wanted.words), *_exact_parts(wanted, custom)]


def list_reads(
    scope: ContactScope,
    wanted: ContactFilter,
    frequent: Sequence[TextPart] = (),
    custom: Sequence[str] = (),
) -> list[ContactsRead]:
    """Reads that together find the contacts that match, and that the scope covers; one contact may
    be found by several. A contact that may be claimed, and not be read, is found by its name, its
    warehouse and its source only (W3). A text that is `frequent` is looked for in the list's order;
    of another one, all contacts that have it are read and sorted."""
    asked, exact = list(_conditions(wanted)), list(_exact_parts(wanted, custom))
    ways = [[way] for way in _ways_of(wanted.words)] if wanted.words else [[]]
    reads = [
        _build_read(scope, [each, *asked], [*way, *exact], frequent)
        for each in _readable(scope)
        for way in ways
    ]
    if not wanted.needs_hidden_fields:
        named = [_by_name(wanted.words)] if wanted.words else []
        reads += [_build_read(scope, [each, *asked], named, frequent) for each in _claimable(scope)]
    return reads


def _build_read(
    scope: ContactScope,
    conditions: Sequence[Document],
    parts: Sequence[TextPart],
    frequent: Sequence[TextPart],
) -> ContactsRead:
    first = next((part for part in parts if part not in frequent), None)
    texts = [part.indexed if part is first else part.compared for part in parts]
    query = {"organization": scope.organization, "$and": [*conditions, *texts]}
    return ContactsRead(query, None if first is None else first.index_name)


def order_fields(order: ContactOrder) -> list[tuple[str, int]]:
    """What a query sorts by. The order is total."""
    if order is ContactOrder.ID:
        return [("_id", 1)]
    direction = 1 if order is ContactOrder.NAME else -1
    return [(_FIELDS[order], direction), ("_id", direction)]


def sort_contacts(
    order: ContactOrder, contacts: Iterable[ContactDocument]
) -> list[ContactDocument]:
    """The contacts in this order, as the database orders them."""
    newest_first = order in (ContactOrder.CREATED_AT, ContactOrder.UPDATED_AT)
    return sorted(contacts, key=lambda each: _order_key(order, each), reverse=newest_first)


def encode_place(order: ContactOrder, contact: ContactDocument) -> str:
    """The place after a contact, at which the next page of a list begins."""
    return msgspec.json.encode(_order_key(order, contact)).decode()


def after_place(order: ContactOrder, place: str) -> Document:
    """The query for what comes after a place. Raises InvalidCursorError if it is one of another
    order."""
    kinds: Any = {ContactOrder.ID: tuple[str], ContactOrder.NAME: tuple[str, str]}
    try:
        *values, last = msgspec.json.decode(place, type=kinds.get(order, tuple[datetime, str]))
    except msgspec.DecodeError:
        raise InvalidCursorError(
            "This cursor belongs to a list in another order: start again without one."
        ) from None
    if not values:
        return {"_id": {"$gt": last}}
    (value,) = values
    field, further = _FIELDS[order], "$gt" if order is ContactOrder.NAME else "$lt"
    return {
        field: {f"{further}e": value},
        "$or": [{field: {further: value}}, {"_id": {further: last}}],
    }


def _order_key(order: ContactOrder, contact: ContactDocument) -> Any:
    match order:
        case ContactOrder.ID:
            return (contact.id,)
        case ContactOrder.NAME:
            return (sort_name_of(contact), contact.id)
        case ContactOrder.CREATED_AT:
            return (contact.created_at, contact.id)
        case ContactOrder.UPDATED_AT:
            return (contact.updated_at or contact.created_at, contact.id)


def _readable(scope: ContactScope) -> Iterator[Document]:
    if scope.managed:
        yield {"warehouse_id": {"$in": sorted(scope.managed)}}
    yield {"assignee": {"$in": sorted({scope.agent_id, *scope.led})}}
    yield {"viewers": scope.agent_id}


def _claimable(scope: ContactScope) -> Iterator[Document]:
    if scope.joined:
        yield {"assignee": None, "warehouse_id": {"$in": sorted(scope.joined)}}


def _conditions(wanted: ContactFilter) -> Iterator[Document]:
    if wanted.warehouse_id is not None:
        yield {"warehouse_id": wanted.warehouse_id}
    if wanted.care_status is not None:
        yield {"care_status": wanted.care_status.value}
    if wanted.held_by is not None:
        yield {"assignee": wanted.held_by.agent_id}


def _exact_parts(wanted: ContactFilter, custom: Sequence[str]) -> Iterator[TextPart]:
    if wanted.phone:
        digits = wanted.phone.removeprefix("0")
        ends = {"phones": {"$regex": f"{digits}$"}}
        indexed = {ADDRESS_SUFFIXES: digits[-SUFFIX_CHARACTERS:], **ends}
        yield TextPart(indexed, CONTACTS_BY_ADDRESS, ends)
    if wanted.email:
        same = {"emails": wanted.email}
        yield TextPart(same, CONTACTS_BY_EMAIL, same)
    for field, value, index in (
        (FOLDED_TAGS, wanted.tag, CONTACTS_BY_TAG),
        (AT_STEPS, wanted.step, CONTACTS_BY_STEP),
        ("campaign_id", wanted.campaign_id, CONTACTS_BY_CAMPAIGN),
        *((CUSTOM_VALUES, each, CONTACTS_BY_CUSTOM) for each in custom),
    ):
        if value:
            yield TextPart({field: value}, index, {field: value})


def _ways_of(words: str) -> Iterator[TextPart]:
    """The ways in which a contact contains these words: in its name, an email or a phone number."""
    folded = fold_accents(words)
    if folded:
        yield _by_name(words)
        yield _by_address(folded)
    if _PHONE.fullmatch(words):
        digits = re.sub(r"\D", "", words).removeprefix("0")
        if digits and digits != folded:
            yield _by_address(digits)


def _by_name(words: str) -> TextPart:
    return TextPart(match_part(words), CONTACTS_BY_NAME, match_each_part(words))


def _by_address(text: str) -> TextPart:
    part = {"$regex": re.escape(text)}
    compared: Document = {"$or": [{"phones": part}, {"emails": part}]}
    indexed: Document = {ADDRESS_SUFFIXES: find_suffix(text)}
    return TextPart(
        indexed if is_suffix(text) else {**indexed, **compared}, CONTACTS_BY_ADDRESS, compared
    )
