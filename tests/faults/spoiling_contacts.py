"""Evidence that breaks each law of contacts: what is sound, spoilt in one place."""

from faults import sound
from faults.evidence import Evidence
from faults.sound import NV1, NV2, NV3, ORG
from faults.sound_contacts import CLAIMED, OLDER, PHONES, YOUNGER, claim, contact, share
from faults.spoiling import Spoil
from faults.tenants import Json
from tuyen_events.crm.records import ContactEvent
from tuyen_events.topics import CONTACTS


def _happens(*events: ContactEvent) -> Spoil:
    def spoil(e: Evidence) -> None:
        sound.put(e, CONTACTS, *events)

    return spoil


def _is_told(*key: object) -> Spoil:
    def spoil(e: Evidence) -> None:
        e.contacts.acknowledged[key] += 1

    return spoil


def _loses_to(agent: str) -> Spoil:
    def spoil(e: Evidence) -> None:
        e.contacts.lost.append((CLAIMED, agent))

    return spoil


def _shows(**fields: object) -> Spoil:
    """The administrator sees the claimed contact otherwise."""

    def spoil(e: Evidence) -> None:
        living = e.contacts.living[ORG]
        changed = {**living[CLAIMED], **fields}
        e.contacts.living = {ORG: {**living, CLAIMED: changed}}

    return spoil


def _is_there_twice(e: Evidence) -> None:
    living = e.contacts.living[ORG]
    e.contacts.living = {ORG: {**living, YOUNGER: contact(YOUNGER, PHONES[1])}}


def _becomes(contact_id: str, into: str) -> Spoil:
    def spoil(e: Evidence) -> None:
        e.contacts.became = {**e.contacts.became, contact_id: into}

    return spoil


def _loses_a_phone(e: Evidence) -> None:
    living = e.contacts.living[ORG]
    e.contacts.living = {ORG: {**living, OLDER: contact(OLDER, PHONES[0])}}


def _sees(agent: str, **found: Json) -> Spoil:
    """An agent sees this in place of what they see; by the id of the contact."""

    def spoil(e: Evidence) -> None:
        e.contacts.seen = {**e.contacts.seen, (ORG, agent): found}

    return spoil


_NOBODYS: Json = {"id": OLDER, "name": "An", "warehouse_id": "default", "claimable": True}
_THEIRS = contact(CLAIMED, PHONES[2], assignee=NV1, viewers=[NV2])

SPOILT_CONTACTS: dict[str, list[Spoil]] = {
    "the sequences of a contact rise by one": [
        _happens(share(NV3, 5, 7)),
        _happens(share(NV3, 3, 7)),
    ],
    "a claim has one winner, and the others know who": [
        _happens(claim(NV2, 4, 7)),
        _is_told("claim", CLAIMED, NV3),
        _is_told("claim", YOUNGER, NV1),
        _loses_to(NV3),
    ],
    "a phone number is one contact's": [_is_there_twice],
    "a merge loses nothing": [
        _loses_a_phone,
        _becomes(YOUNGER, YOUNGER),
        _becomes(YOUNGER, CLAIMED),
    ],
    "a contact is shared with whom it was given to": [
        _happens(share(NV3, 4, 7)),
        _shows(viewers=[]),
        _shows(viewers=[NV2, NV3]),
        _is_told("share", CLAIMED, NV3, True),
    ],
    "agents see their contacts, and what they may claim": [
        _sees(NV1, con_1=_NOBODYS),
        _sees(NV3, con_1=_NOBODYS, con_3=_THEIRS),
        _sees(NV3),
        _sees(NV3, con_1={**_NOBODYS, "phones": [PHONES[0]]}),
        _sees(NV3, con_1=contact(OLDER, *PHONES[:2])),
    ],
}
