"""What must hold of contacts: of claims, merges and shares."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

from faults.evidence import Evidence
from faults.tenants import Json
from tuyen_events.crm.claims import ContactAssigned, ContactClaimed
from tuyen_events.crm.contacts import ContactAdded, ContactMerged
from tuyen_events.crm.merges import ContactAbsorbed
from tuyen_events.crm.records import ContactEvent
from tuyen_events.crm.shares import ContactShared, ContactUnshared
from tuyen_events.topics import CONTACTS

_OF_CLAIMABLE = frozenset({"id", "name", "warehouse_id", "source", "claimable"})


def sequences_rise_by_one(evidence: Evidence) -> Iterator[str | None]:
    """INV1: one writer; two records with one sequence are one and the same event."""
    known: dict[str, dict[int, ContactEvent]] = defaultdict(dict)
    for _, event in evidence.log.events(CONTACTS, ContactEvent):
        events = known[f"{event.organization}/{event.contact_id}"]
        first = events.setdefault(event.sequence, event)
        if first is event and event.sequence != len(events):
            yield f"{event.contact_id}: {event.sequence} came after {len(events) - 1}"
        elif first != event:
            yield f"{event.contact_id}: {event.sequence} is {first.type} and {event.type}"
        else:
            yield None


def claims_have_one_winner(evidence: Evidence) -> Iterator[str | None]:
    """W4: only what nobody has is claimed; whoever was told that they have it got it, and whoever
    was told that another one has it was told the truth."""
    assignees: dict[str, str | None] = {}
    had: dict[str, set[str | None]] = defaultdict(set)
    into: dict[str, str] = {}
    for event in _each_once(evidence):
        key = f"{event.organization}/{event.contact_id}"
        if isinstance(event, ContactClaimed):
            assignee = assignees.get(key)
            yield None if assignee is None else f"{event.contact_id} was {assignee}'s when claimed"
        if isinstance(event, ContactMerged):
            into[event.contact_id] = event.into
        for contact, assignee in _assignee(event):
            assignees[f"{event.organization}/{contact}"] = assignee
            had[contact].add(assignee)

    def ever_had(contact: str, agent: str) -> bool:
        ids = [contact]
        while ids[-1] in into and into[ids[-1]] not in ids:
            ids.append(into[ids[-1]])
        return any(agent in had[each] for each in ids)

    told = [key[1:] for key in evidence.contacts.acknowledged if key[0] == "claim"]
    for contact, agent in [*told, *evidence.contacts.lost]:
        yield None if ever_had(contact, agent) else f"{agent} never had {contact}"


def _assignee(event: ContactEvent) -> Iterator[tuple[str, str | None]]:
    """Who has a contact after the event, if it says so."""
    match event:
        case ContactClaimed() | ContactAssigned():
            yield event.contact_id, event.assignee
        case ContactAdded() | ContactAbsorbed():
            yield event.contact_id, event.content.assignee
        case _:
            return


def a_phone_is_one_contacts(evidence: Evidence) -> Iterator[str | None]:
    """C2: contacts that belong to nobody and got the same phone number are one contact."""
    for tenant, living in evidence.contacts.living.items():
        times = Counter(phone for contact in living.values() for phone in contact["phones"])
        for phone, found in times.items():
            yield None if found == 1 else f"{tenant}: {found} contacts have {phone}"


def merges_lose_nothing(evidence: Evidence) -> Iterator[str | None]:
    """C2: each phone number that was given to a contact stands on the one that it became, which
    is not a part of another one."""
    living = {
        each: one for found in evidence.contacts.living.values() for each, one in found.items()
    }
    for contact, phones in evidence.contacts.added.items():
        became = evidence.contacts.became[contact]
        if became not in living:
            yield f"{contact} became {became}, which is not there"
            continue
        missing = phones - set(living[became]["phones"])
        yield f"{contact} lost {sorted(missing)} in {became}" if missing else None


def shares_are_what_was_given(evidence: Evidence) -> Iterator[str | None]:
    """S1: the viewers of a contact are those whom the log names; what was answered is in it."""
    viewers: dict[str, set[str]] = defaultdict(set)
    given: set[tuple[str, str]] = set()
    for event in _each_once(evidence):
        match event:
            case ContactShared():
                given.add((event.contact_id, event.agent_id))
                viewers[event.contact_id].add(event.agent_id)
            case ContactUnshared():
                viewers[event.contact_id].discard(event.agent_id)
            case ContactAbsorbed():
                viewers[event.contact_id] = set(event.content.shares)
            case _:
                pass
    for living in evidence.contacts.living.values():
        for contact, shown in living.items():
            same = set(shown["viewers"]) == viewers[contact]
            told = f"{contact} is read by {shown['viewers']}, not {sorted(viewers[contact])}"
            yield None if same else told
    became = evidence.contacts.became
    for what, contact, agent, *on in evidence.contacts.acknowledged:
        if what == "share" and on == [True]:
            ids = {contact, became.get(contact, contact)}
            kept = any((each, agent) in given for each in ids)
            yield None if kept else f"{contact} was never shared with {agent}"


def contacts_are_seen_by_their_own(evidence: Evidence) -> Iterator[str | None]:
    """W3, W6, S1: an agent sees what is theirs, what is shared with them, and what they may claim,
    of which they see no more than W3 says."""
    for (tenant, agent), seen in evidence.contacts.seen.items():
        living = evidence.contacts.living[tenant]
        full = {each for each, contact in living.items() if _is_read(contact, agent)}
        claimable = {each for each in living if each not in full and not living[each]["assignee"]}
        shown = {each for each, contact in seen.items() if not contact.get("claimable")}
        yield None if shown == full else f"{tenant}/{agent}: {sorted(shown ^ full)[:5]}"
        rest = {each: contact for each, contact in seen.items() if contact.get("claimable")}
        yield None if rest.keys() == claimable else f"{tenant}/{agent} may claim {sorted(rest)[:5]}"
        for each, contact in rest.items():
            told = {name for name, value in contact.items() if value not in (None, [], {})}
            yield None if told <= _OF_CLAIMABLE else f"{agent} is told {sorted(told)} of {each}"


def _is_read(contact: Json, agent: str) -> bool:
    return contact["assignee"] == agent or agent in contact["viewers"]


def _each_once(evidence: Evidence) -> Iterator[ContactEvent]:
    """Events of contacts in the order of their organization; redelivered ones once."""
    found = {
        (event.organization, event.order, event.contact_id, event.sequence): event
        for _, event in evidence.log.events(CONTACTS, ContactEvent)
    }
    return (found[key] for key in sorted(found))


LAWS_OF_CONTACTS: dict[str, Callable[[Evidence], Iterator[str | None]]] = {
    "the sequences of a contact rise by one": sequences_rise_by_one,
    "a claim has one winner, and the others know who": claims_have_one_winner,
    "a phone number is one contact's": a_phone_is_one_contacts,
    "a merge loses nothing": merges_lose_nothing,
    "a contact is shared with whom it was given to": shares_are_what_was_given,
    "agents see their contacts, and what they may claim": contacts_are_seen_by_their_own,
}
