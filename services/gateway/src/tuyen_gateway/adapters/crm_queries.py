"""The queries for contacts, as MongoDB takes them."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from tuyen_gateway.domain.contact_filter import ContactFilter, ContactOrder
from tuyen_gateway.domain.contact_visibility import ContactScope
from tuyen_gateway.errors import InvalidCursorError
from tuyen_platform.mongodb import Document
from tuyen_platform.text import fold_accents
from tuyen_views.contacts import FRAGMENT_CHARACTERS, ContactDocument, sort_name_of

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


def matching(scope: ContactScope, wanted: ContactFilter) -> list[Document]:
    """Queries that together find the contacts that match, and that the scope covers; one contact
    may be found by several. A contact that may be claimed, and not be read, is found by its name,
    its warehouse and its source only (W3)."""
    base: Document = {"organization": scope.organization}
    asked = list(_conditions(wanted))
    by_words = [_by_words(wanted.words)] if wanted.words else []
    queries = [{**base, "$and": [each, *asked, *by_words]} for each in _readable(scope)]
    if not wanted.needs_hidden_fields:
        by_name = [_by_name(wanted.words)] if wanted.words else []
        queries += [{**base, "$and": [each, *asked, *by_name]} for each in _claimable(scope)]
    return queries


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
    if wanted.phone:
        digits = wanted.phone.removeprefix("0")
        yield {"fragments": {"$regex": f"^{digits[-FRAGMENT_CHARACTERS:]}"}}
        yield {"phones": {"$regex": f"{digits}$"}}
    if wanted.email:
        yield {"emails": wanted.email}
    if wanted.warehouse_id is not None:
        yield {"warehouse_id": wanted.warehouse_id}
    if wanted.held_by is not None:
        yield {"assignee": wanted.held_by.agent_id}


def _by_words(words: str) -> Document:
    """Contacts whose name, an email or a phone number contains these words."""
    folded = fold_accents(words)
    texts = [folded]
    if _PHONE.fullmatch(words):
        texts.append(re.sub(r"\D", "", words).removeprefix("0"))
    return {"$or": [_containing(text) for text in texts if text] or [{"_id": None}]}


def _containing(text: str) -> Document:
    """Every text of a contact is stored from each of its characters on, as `fragments`; a longer
    text is looked for in the texts themselves."""
    beginning: Document = {"fragments": {"$regex": f"^{re.escape(text[:FRAGMENT_CHARACTERS])}"}}
    if len(text) <= FRAGMENT_CHARACTERS:
        return beginning
    whole = {"$regex": re.escape(text)}
    fields = ("name_folded", "phones", "emails")
    return {"$and": [beginning, {"$or": [{field: whole} for field in fields]}]}


def _by_name(words: str) -> Document:
    return {"name_folded": {"$regex": re.escape(fold_accents(words))}}
