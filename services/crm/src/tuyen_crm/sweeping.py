"""Finds what the state has of children whose contacts were removed.

A contact may have more children than one command can change. They do not exist any more once their
contact is removed: no decision depends on whether the state still has them, so they are forgotten
later, a part at a time (R9.6).
"""

from collections.abc import Mapping, Sequence

import msgspec

from tuyen_crm.domain.children import still_exists
from tuyen_crm.domain.state import ChildState
from tuyen_crm.entities import ENTITIES
from tuyen_crm.organization_state import StoredContact, contact_key
from tuyen_events.crm.records import ChildChange
from tuyen_events.ids import OrganizationId

_KINDS = frozenset(
    entity.name
    for entity in ENTITIES
    if any(issubclass(event, ChildChange) for event in entity.events)
)

_decode_child = msgspec.json.Decoder(ChildState).decode
_decode_contact = msgspec.json.Decoder(StoredContact).decode


class Sweep:
    """Goes over the children in the state of one partition, again and again."""

    def __init__(self) -> None:
        self._left: list[str] = []

    def find_left(self, values: Mapping[str, bytes], most: int) -> Sequence[str]:
        """The keys of children whose contacts were removed, of the next `most` children; `values`
        is the state by its keys."""
        if not self._left:
            self._left = [key for key in values if _is_child(key)]
        looked_at, self._left = self._left[-most:], self._left[:-most]
        return [key for key in looked_at if _is_left(values, key)]


def _is_child(key: str) -> bool:
    parts = key.split("/")
    return len(parts) == 3 and parts[1] in _KINDS  # noqa: PLR2004 - organization, kind and id


def _is_left(values: Mapping[str, bytes], key: str) -> bool:
    """Children that never change are forgotten in another way: their ids are remembered so that
    they are not added twice."""
    value = values.get(key)
    if value is None:
        return False
    child = _decode_child(value)
    organization, _, _ = key.partition("/")
    owner = values.get(contact_key(OrganizationId(organization), child.contact_id))
    contact = None if owner is None else _decode_contact(owner).state
    return not child.fixed_content and not still_exists(child, contact)
