"""Evidence of contacts on which every law holds, for the tests of the laws to spoil.

Three contacts were added. Two got one phone number, and are one contact; the third one was claimed
by two agents, of whom one got it, and is shared with another agent.
"""

from faults import sound, sound_replies
from faults.contacting import ContactEvidence
from faults.evidence import Evidence
from faults.sound import AT, NV1, NV2, NV3, ORG
from faults.tenants import Json
from tuyen_events.crm.claims import ContactClaimed
from tuyen_events.crm.contacts import ContactAdded, ContactContent, ContactMerged
from tuyen_events.crm.merges import ContactAbsorbed, GainedContent
from tuyen_events.crm.records import ContactEvent
from tuyen_events.crm.shares import ContactShared
from tuyen_events.ids import AgentId, ContactId
from tuyen_events.topics import CONTACTS

OLDER, YOUNGER, CLAIMED = ContactId("con_1"), ContactId("con_2"), ContactId("con_3")
PHONES = ("+84910000001", "+84910000002", "+84910000003")


def about(contact: ContactId, sequence: int, order: int) -> Json:
    """The fields that all events of contacts have."""
    return {
        "organization": ORG,
        "contact_id": contact,
        "sequence": sequence,
        "order": order,
        "caused_by": f"cmd_{order}",
        "at": AT,
    }


def claim(agent: AgentId, sequence: int, order: int) -> ContactClaimed:
    """The agent gets the claimed contact."""
    more: Json = {"warehouse_id": "default", "assignee": agent}
    return ContactClaimed(**about(CLAIMED, sequence, order), **more)


def share(agent: AgentId, sequence: int, order: int) -> ContactShared:
    return ContactShared(**about(CLAIMED, sequence, order), agent_id=agent, by=AgentId("admin"))


def _events() -> list[ContactEvent]:
    whole = ContactContent(phones=PHONES[:2])
    return [
        *(
            ContactAdded(**about(contact, 1, order), content=ContactContent(phones=(phone,)))
            for order, (contact, phone) in enumerate(
                zip((OLDER, YOUNGER, CLAIMED), PHONES, strict=True), 1
            )
        ),
        ContactAbsorbed(
            **about(OLDER, 2, 4),
            merge_id="m_1",
            absorbed=YOUNGER,
            merged=(YOUNGER,),
            content=whole,
            gained=GainedContent(values={"phones": PHONES[1:2]}),
            fact=f"phone:{PHONES[1]}",
        ),
        ContactMerged(**about(YOUNGER, 2, 4), into=OLDER, merge_id="m_1"),
        claim(NV1, 2, 5),
        share(NV2, 3, 6),
    ]


def contact(contact_id: ContactId, *phones: str, **fields: object) -> Json:
    """A contact as the administrator sees it."""
    shown: Json = {"id": contact_id, "phones": [*phones], "assignee": None, "viewers": []}
    return {**shown, **fields}


def evidence() -> Evidence:
    """That of `sound_replies`, and of contacts beside it."""
    found = sound_replies.evidence()
    sound.put(found, CONTACTS, *_events())
    one = contact(OLDER, *PHONES[:2])
    claimed = contact(CLAIMED, PHONES[2], assignee=NV1, viewers=[NV2])
    nobodys: Json = {"id": OLDER, "name": "An", "warehouse_id": "default", "claimable": True}
    found.contacts = ContactEvidence(
        added={OLDER: {*PHONES[:2]}, YOUNGER: {PHONES[1]}, CLAIMED: {PHONES[2]}},
        lost=[(CLAIMED, NV1)],
        living={ORG: {OLDER: one, CLAIMED: claimed}},
        seen={
            (ORG, NV1): {OLDER: nobodys, CLAIMED: claimed},
            (ORG, NV2): {OLDER: nobodys, CLAIMED: claimed},
            (ORG, NV3): {OLDER: nobodys},
        },
        became={OLDER: OLDER, YOUNGER: OLDER, CLAIMED: CLAIMED},
    )
    found.contacts.acknowledged["claim", CLAIMED, NV1] = 2
    found.contacts.acknowledged["share", CLAIMED, NV2, True] = 1
    return found
