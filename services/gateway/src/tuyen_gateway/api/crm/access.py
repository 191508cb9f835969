"""Who may see a contact, and how commands about it are carried out.

Decides W1, W3 and W6.
"""

import asyncio
from typing import Annotated
from uuid import uuid4

from fastapi import Query

from tuyen_events.crm.records import CrmCommand, CrmCommandSettled, CrmOutcome
from tuyen_events.ids import ContactId
from tuyen_events.limits import VERSION
from tuyen_events.vocabulary import Role
from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.errors import NotFoundError, UnavailableError, VersionPassedError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_views.contacts import ContactDocument

_POLL_S = 0.05

AfterContactVersion = Annotated[
    int | None,
    Query(ge=1, le=VERSION, description="Answer from a view that contains this `version`."),
]


def manages_default(caller: Caller) -> bool:
    """The manager of the default warehouse is the system administrator (W1)."""
    return caller.viewer.role is Role.SYSTEM_ADMIN


async def find_visible_contact(
    gateway: Gateway, caller: Caller, contact_id: str, after: int | None = None
) -> ContactDocument:
    """The contact, once the views contain the version `after`.

    Raises NotFoundError if there is no such contact or the caller may not see it, without a delay
    or a word that would distinguish the two (W6, R7.2). Raises UnavailableError after 5 s.
    """
    if not manages_default(caller):
        raise _not_found(contact_id)
    try:
        async with asyncio.timeout(WAIT_S):
            while True:
                contact = await gateway.crm.contact(caller.organization.id, ContactId(contact_id))
                if contact is None:
                    raise _not_found(contact_id)
                if contact.sequence >= (after or 0):
                    return contact
                await asyncio.sleep(_POLL_S)
    except TimeoutError as error:
        raise UnavailableError("The CRM's view is behind the log: try again.") from error


def new_command_id() -> str:
    """An id for a command that a request makes."""
    return f"cmd_{uuid4().hex}"


async def carry_out(gateway: Gateway, command: CrmCommand) -> CrmCommandSettled:
    """The CRM's result of a command that it carried out.

    What the route has read of the contact only says whether the caller may see it. Raises
    NotFoundError, VersionPassedError, and UnavailableError if there is no result in time.
    """
    settled = await gateway.crm_commands.carry_out(command)
    match settled.outcome:
        case CrmOutcome.NOT_FOUND:
            raise _not_found(command.contact_id)
        case CrmOutcome.VERSION_PASSED:
            raise VersionPassedError(
                "Somebody changed it first: look again, then decide.", settled.version, None
            )
        case CrmOutcome.APPLIED | CrmOutcome.UNCHANGED:
            return settled


def _not_found(contact_id: str) -> NotFoundError:
    return NotFoundError(f"There is no contact {contact_id!r}.")
