"""Proposals to merge two contacts, as the documents of both have them (C2)."""

from datetime import datetime

import msgspec

from tuyen_events.crm.merge_proposals import ProposalState
from tuyen_events.ids import ContactId


class ProposalOfContact(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal to merge the contact with `other`.

    Lists are ordered by `place`, which is the same in both documents. `approved` are the contacts
    whose managers have accepted.
    """

    id: str
    place: str
    other: ContactId
    state: ProposalState = ProposalState.OPEN
    approved: tuple[ContactId, ...] = ()
    created_at: datetime
    updated_at: datetime
    version: int
