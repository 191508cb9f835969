"""The keys of the index by which a decision finds contacts.

An index key is a text that several contacts can share: a phone number, an email, the assignee. The
index is computed from the states of the contacts, and is stored nowhere.
"""

from collections.abc import Iterator

from tuyen_crm.domain.state import ContactState
from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE
from tuyen_events.ids import AgentId


def phone_key(phone: str) -> str:
    """`phone` is in E.164."""
    return f"phone:{phone}"


def email_key(email: str) -> str:
    """`email` is in lower case."""
    return f"email:{email}"


def proposal_key(value: str) -> str:
    """For the contacts with an open proposal because of this phone number or email."""
    return f"proposed:{value}"


def warehouse_key(warehouse_id: str) -> str:
    """For the contacts of every warehouse but the default one, which is never emptied."""
    return f"warehouse:{warehouse_id}"


def assignee_key(warehouse_id: str, agent: AgentId) -> str:
    """For the contacts in the warehouse whose assignee is the agent."""
    return f"held:{warehouse_id}:{agent}"


def campaign_key(campaign_id: str) -> str:
    return f"campaign:{campaign_id}"


def step_key(pipeline_id: str, step_id: str) -> str:
    return f"step:{pipeline_id}/{step_id}"


def list_index_keys(contact: ContactState | None) -> frozenset[str]:
    """What `KnownState.find` finds the contact by. One that was removed, or merged into another
    one, is not found."""
    if contact is None or contact.removed or contact.merged_into is not None:
        return frozenset()
    return frozenset(_list_keys(contact))


def _list_keys(contact: ContactState) -> Iterator[str]:
    yield from map(phone_key, contact.phones)
    yield from map(email_key, contact.emails)
    yield from {proposal_key(each.fact) for each in contact.open_proposals.values()}
    if contact.warehouse_id != DEFAULT_WAREHOUSE:
        yield warehouse_key(contact.warehouse_id)
    if contact.assignee is not None:
        yield assignee_key(contact.warehouse_id, contact.assignee)
    if contact.campaign_id is not None:
        yield campaign_key(contact.campaign_id)
    for pipeline_id, step_id in contact.steps.items():
        yield step_key(pipeline_id, step_id)
