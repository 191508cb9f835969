"""The facts by which a decision finds contacts.

A fact is a text that several contacts can share: a phone number, an email, the agent who has them.
The index of all facts is computed from the states of the contacts, and is stored nowhere.
"""

from collections.abc import Iterator

from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_events.ids import AgentId


def phone_fact(phone: str) -> str:
    """`phone` is in E.164."""
    return f"phone:{phone}"


def email_fact(email: str) -> str:
    """`email` is in lower case."""
    return f"email:{email}"


def proposed_fact(value: str) -> str:
    """Of the contacts with an open proposal because of this phone number or email."""
    return f"proposed:{value}"


def in_warehouse_fact(warehouse_id: str) -> str:
    """Of the contacts of every warehouse but the default one, which is never emptied."""
    return f"warehouse:{warehouse_id}"


def held_fact(warehouse_id: str, agent: AgentId) -> str:
    """Of the contacts in the warehouse that the agent has."""
    return f"held:{warehouse_id}:{agent}"


def campaign_fact(campaign_id: str) -> str:
    return f"campaign:{campaign_id}"


def step_fact(pipeline_id: str, step_id: str) -> str:
    return f"step:{pipeline_id}/{step_id}"


def find_facts(contact: ContactState | None) -> frozenset[str]:
    """What `KnownState.find` finds the contact by. One that was removed, or is a part of another
    one, is not found."""
    if contact is None or contact.removed or contact.merged_into is not None:
        return frozenset()
    return frozenset(_list_facts(contact))


def _list_facts(contact: ContactState) -> Iterator[str]:
    yield from map(phone_fact, contact.phones)
    yield from map(email_fact, contact.emails)
    yield from {proposed_fact(each.fact) for each in contact.open_proposals.values()}
    if contact.warehouse_id != DEFAULT_WAREHOUSE:
        yield in_warehouse_fact(contact.warehouse_id)
    if contact.assignee is not None:
        yield held_fact(contact.warehouse_id, contact.assignee)
    if contact.campaign_id is not None:
        yield campaign_fact(contact.campaign_id)
    for pipeline_id, step_id in contact.steps.items():
        yield step_fact(pipeline_id, step_id)
