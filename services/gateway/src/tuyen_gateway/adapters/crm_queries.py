"""Builds MongoDB's queries for contacts."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from tuyen_events.custom_fields import CustomFields
from tuyen_events.ids import ContactId
from tuyen_gateway.custom_texts import UnreadableTextError, read_filter
from tuyen_gateway.domain.contact_filter import ContactFilter, ContactOrder
from tuyen_gateway.domain.contact_visibility import ContactScope
from tuyen_gateway.errors import InvalidCursorError
from tuyen_platform.mongodb import Document
from tuyen_platform.text import fold_accents
from tuyen_views.contacts import (
    ADDRESS_SUFFIXES,
    AT_STEPS,
    CONTACT_MARKS,
    CONTACTS_BY_ADDRESS,
    CONTACTS_BY_EMAIL,
    CONTACTS_BY_NAME,
    CUSTOM_VALUES,
    FOLDED_TAGS,
    SORT_NAME,
    ContactDocument,
    ContactSource,
    find_custom,
    index_by_mark,
    index_in_order,
    sort_name_of,
)
from tuyen_views.names import (
    SUFFIX_CHARACTERS,
    SUFFIXES,
    find_anywhere,
    find_beginning,
    find_suffix,
    is_suffix,
    match_each_part,
)

_PHONE = re.compile(r"[+\d\s().-]{2,}")
"""A search that may be for a phone number."""

_BEFORE_NUMBER = re.compile(r"^(?:00(?=[1-9]\d{7})|0)")
"""The prefixes that are dialled but not stored with a number: `0` within a country, `00` before a
country's code."""

_INDEXES = {
    SUFFIXES: CONTACTS_BY_NAME,
    ADDRESS_SUFFIXES: CONTACTS_BY_ADDRESS,
    "emails": CONTACTS_BY_EMAIL,
}

_FIELDS = {
    ContactOrder.ID: "_id",
    ContactOrder.NAME: SORT_NAME,
    ContactOrder.CREATED_AT: "created_at",
    ContactOrder.UPDATED_AT: "updated_at",
}


class IndexLookup(NamedTuple):
    """A query that one index answers: its contacts are counted without reading any document."""

    query: Document
    index_name: str


class ContactsRead(NamedTuple):
    """One read of contacts, by the index `hint`: MongoDB would choose one by a trial, and remember
    it for other texts."""

    query: Document
    hint: str


class _Seen(NamedTuple):
    """Some of the contacts that a viewer sees. Of those that may be claimed, only some is `shown`
    (W3)."""

    query: Document
    source: ContactSource
    whole: bool = True


class _Criterion(NamedTuple):
    """One condition of a filter. `indexed` is what an index finds in `field`, perhaps for other
    contacts, too; `compared` is the exact condition."""

    field: str
    indexed: object
    compared: Document
    shown: bool = False
    """Whether it is shown of a contact that may be claimed."""
    contiguous: bool = False
    """Whether the contacts that match are next to each other in the list, so that the list need not
    be scanned for them."""


def build_scope_query(scope: ContactScope) -> Document:
    """The query for the contacts that a scope covers: those for which `access_to` is not
    `AccessLevel.NOTHING`. Every count and export has it as a part."""
    return {"$or": [seen.query for seen in _list_seen(scope, ContactFilter())]}


def find_custom_values(fields: CustomFields, custom: Mapping[str, str]) -> dict[str, str] | None:
    """What contacts that match have in `CUSTOM_VALUES`, by the ids of the fields; None if none can
    match. The functions below need it in `ContactFilter.custom`."""
    try:
        return {each: find_custom(each, read_filter(fields[each], custom[each])) for each in custom}
    except (KeyError, UnreadableTextError):
        return None


def list_lookups(scope: ContactScope, wanted: ContactFilter) -> list[IndexLookup]:
    """The indexes by which there may be so few contacts that all of them can be read."""
    criteria = [*_list_word_criteria(wanted), *_list_criteria(wanted)]
    found: list[IndexLookup] = []
    for seen in _list_seen(scope, wanted):
        for lookup in (_build_lookup(scope, seen, each) for each in criteria):
            if lookup not in found:
                found.append(lookup)
    return found


def list_reads(
    scope: ContactScope, wanted: ContactFilter, few: Sequence[IndexLookup] = ()
) -> list[ContactsRead]:
    """Reads that together find the contacts that match, and that the scope covers; one contact may
    be found by several. Where one of `few` has them all, its contacts are read and sorted: by the
    first one. Otherwise contacts are read in the order of the list, until enough are found."""
    others = _list_criteria(wanted)
    by_few: list[tuple[IndexLookup, _Criterion | None, list[_Seen]]] = []
    reads: list[ContactsRead] = []
    for seen in _list_seen(scope, wanted):
        in_order: list[_Criterion] = []
        for way in _ways_to(seen, wanted):
            criteria = others if way is None else [way, *others]
            lookups = [_build_lookup(scope, seen, each) for each in criteria]
            lookup = next((one for one in few if one in lookups), None)
            if lookup is not None:
                _group(by_few, lookup, way, seen)
            elif way is None or way.contiguous:
                reads.append(_read_in_order(scope, wanted, seen, [] if way is None else [way]))
            else:
                in_order.append(way)
        if in_order:
            reads.append(_read_in_order(scope, wanted, seen, in_order))
    for lookup, way, several in by_few:
        either = {"$or": [seen.query for seen in several]}
        named = [] if way is None else [way.compared]
        conditions = [either, *named, *_conditions(wanted)]
        reads.append(ContactsRead({**lookup.query, "$and": conditions}, lookup.index_name))
    return reads


def _group(
    groups: list[tuple[IndexLookup, _Criterion | None, list[_Seen]]],
    lookup: IndexLookup,
    way: _Criterion | None,
    seen: _Seen,
) -> None:
    for known, other, several in groups:
        if known == lookup and other == way:
            several.append(seen)
            return
    groups.append((lookup, way, [seen]))


def _read_in_order(
    scope: ContactScope, wanted: ContactFilter, seen: _Seen, ways: Sequence[_Criterion]
) -> ContactsRead:
    """Any of the ways will do."""
    named = [each.compared for each in ways]
    either = named if len(named) < 2 else [{"$or": named}]  # noqa: PLR2004 - one needs no `$or`
    conditions = [seen.query, *either, *_conditions(wanted)]
    query = {"organization": scope.organization, "$and": conditions}
    return ContactsRead(query, index_in_order(seen.source, _FIELDS[wanted.order]))


def _build_lookup(scope: ContactScope, seen: _Seen, criterion: _Criterion) -> IndexLookup:
    has: Document = {"organization": scope.organization, criterion.field: criterion.indexed}
    if criterion.field not in CONTACT_MARKS:
        return IndexLookup(has, _INDEXES[criterion.field])
    if seen.source is not ContactSource.VIEWER:
        within = "assignee" if seen.source is ContactSource.ASSIGNEE else "warehouse_id"
        has[within] = seen.query[within]
    return IndexLookup(has, index_by_mark(criterion.field, seen.source))


def order_fields(order: ContactOrder) -> list[tuple[str, int]]:
    """The fields by which a query sorts. The order is total."""
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


def encode_id(contact_id: ContactId) -> str:
    """The place after a contact in a list by id."""
    return msgspec.json.encode((contact_id,)).decode()


def build_query_after(order: ContactOrder, place: str) -> Document:
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


def _list_seen(scope: ContactScope, wanted: ContactFilter) -> list[_Seen]:
    """The contacts that a viewer sees, by each of the reasons why they see them, as far as the
    filter can match them."""
    managed, joined = scope.managed, scope.joined
    agents = {scope.agent_id, *scope.led}
    if wanted.warehouse_id is not None:
        managed, joined = managed & {wanted.warehouse_id}, joined & {wanted.warehouse_id}
    seen = []
    assigned: Document = {}
    source = ContactSource.WAREHOUSE
    if wanted.held_by is not None:
        assigned, source = (
            {"assignee": wanted.held_by.agent_id},
            ContactSource.WAREHOUSE_AND_ASSIGNEE,
        )
        agents &= {wanted.held_by.agent_id}
    if managed:
        seen.append(_Seen({"warehouse_id": {"$in": sorted(managed)}, **assigned}, source))
    if agents:
        seen.append(_Seen({"assignee": {"$in": sorted(agents)}}, ContactSource.ASSIGNEE))
    seen.append(_Seen({"viewers": scope.agent_id}, ContactSource.VIEWER))
    nobody: Document = {"assignee": None}
    if joined and not wanted.needs_hidden_fields and assigned in ({}, nobody):
        claimable = {"warehouse_id": {"$in": sorted(joined)}, **nobody}
        seen.append(_Seen(claimable, ContactSource.WAREHOUSE_AND_ASSIGNEE, whole=False))
    return seen


def _conditions(wanted: ContactFilter) -> Iterator[Document]:
    """All conditions of the filter but the search words."""
    if wanted.among is not None:
        yield {"_id": {"$in": list(wanted.among)}}
    if wanted.warehouse_id is not None:
        yield {"warehouse_id": wanted.warehouse_id}
    if wanted.held_by is not None:
        yield {"assignee": wanted.held_by.agent_id}
    yield from (each.compared for each in _list_criteria(wanted))


def _list_criteria(wanted: ContactFilter) -> list[_Criterion]:
    """The conditions of the filter, other than the search words, that few contacts may meet."""
    criteria = []
    if wanted.phone:
        digits = _BEFORE_NUMBER.sub("", wanted.phone)
        ends = {"phones": {"$regex": f"{digits}$"}}
        criteria.append(_Criterion(ADDRESS_SUFFIXES, digits[-SUFFIX_CHARACTERS:], ends))
    status = wanted.care_status
    exact: dict[str, str | None] = {
        "emails": wanted.email,
        FOLDED_TAGS: wanted.tag,
        AT_STEPS: wanted.step,
        "campaign_id": wanted.campaign_id,
        "care_status": None if status is None else status.value,
    }
    marks = [(field, value) for field, value in exact.items() if value]
    marks += [(CUSTOM_VALUES, value) for value in wanted.custom.values()]
    return criteria + [_Criterion(field, value, {field: value}) for field, value in marks]


def _ways_to(seen: _Seen, wanted: ContactFilter) -> Sequence[_Criterion | None]:
    if not wanted.words:
        return [None]
    return [way for way in _list_word_criteria(wanted) if seen.whole or way.shown]


def _list_word_criteria(wanted: ContactFilter) -> Iterator[_Criterion]:
    """The ways in which a contact contains the words: in its name, an email or a phone number."""
    words = wanted.words
    folded = fold_accents(words)
    if folded:
        yield from _list_name_criteria(folded, wanted.order)
        yield _by_address(folded)
    if _PHONE.fullmatch(words):
        digits = _BEFORE_NUMBER.sub("", re.sub(r"\D", "", words))
        if digits and digits != folded:
            yield _by_address(digits)


def _list_name_criteria(folded: str, order: ContactOrder) -> Iterator[_Criterion]:
    """In a list by name, those that begin with the text are together, and may be far from where it
    begins. So they are found in their place, and those that contain the text later by
    themselves."""
    compared: Document = match_each_part(folded)
    if order is not ContactOrder.NAME or not is_suffix(folded):
        yield _Criterion(SUFFIXES, find_anywhere(folded), compared, shown=True)
        return
    begins = {SORT_NAME: {"$regex": "^" + re.escape(folded)}}
    yield _Criterion(SUFFIXES, find_beginning(folded), begins, shown=True, contiguous=True)
    yield _Criterion(SUFFIXES, find_suffix(folded), compared, shown=True)


def _by_address(text: str) -> _Criterion:
    contains = {"$regex": re.escape(text)}
    compared: Document = {"$or": [{"phones": contains}, {"emails": contains}]}
    return _Criterion(ADDRESS_SUFFIXES, find_suffix(text), compared)
