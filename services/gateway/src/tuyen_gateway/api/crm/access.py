"""Which contacts a caller sees, and how commands about them are carried out.

Decides C11 and W6.
"""

from typing import Annotated, Any
from uuid import uuid4

from fastapi import Query

from tuyen_events.conversation_filter import ConversationFilter
from tuyen_events.crm.records import (
    ContactCommand,
    CrmCommand,
    CrmCommandSettled,
    CrmOutcome,
    CrmRefusal,
)
from tuyen_events.ids import ContactId
from tuyen_events.limits import VERSION
from tuyen_gateway.api.crm.custom_values import explain_value
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.domain.contact_visibility import (
    AccessLevel,
    ContactScope,
    contact_scope_of,
)
from tuyen_gateway.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    MergedError,
    NotFoundError,
    TakenError,
    VersionPassedError,
)
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.views import VisibleContact
from tuyen_gateway.view_wait import wait_until_shown
from tuyen_views.contacts import ContactDocument
from tuyen_views.view import ChildDocumentT, View

_REFUSALS = {
    CrmRefusal.ID_TAKEN: "This id belongs to something else already: choose another one.",
    CrmRefusal.TOO_MANY: "There are as many of these as there may be: remove one first.",
    CrmRefusal.HELD: "Another agent has this contact.",
    CrmRefusal.SOURCE_TAKEN: "Another warehouse has one of these sources: take it out there first.",
    CrmRefusal.NOT_EMPTY: "There are too many contacts in it.",
    CrmRefusal.STEP_NOT_EMPTY: (
        "There are contacts at a step that it would not have any more: move them to another one "
        "first."
    ),
    CrmRefusal.NEEDED: "The default warehouse cannot be removed.",
    CrmRefusal.IN_USE: "Something else depends on it: change that first.",
    CrmRefusal.OTHER_CONTENT: "This id was sent before, with something else.",
    CrmRefusal.UNKNOWN_REFERENCE: "It names something that does not exist: look again.",
    CrmRefusal.DECIDED: (
        "Somebody decided otherwise already: merge the contacts manually, or undo the merge."
    ),
    CrmRefusal.FAILED: (
        "The CRM could not carry this out. It is among the dead letters, where an operator can see "
        "why, and send it again."
    ),
    CrmRefusal.MERGED_ALREADY: "The contact was merged into another one: separate them first.",
}
_ANOTHER_REFUSAL = "A rule of the CRM forbids it: look again, and try something else."
"""For what a later version of the CRM refuses, while it is started."""

AfterContactVersion = Annotated[
    int | None,
    Query(ge=1, le=VERSION, description="Answer from a view that contains this `version`."),
]


async def require_access(caller: CurrentCaller) -> None:
    """Admits agents who may use the CRM (C11)."""
    if not caller.viewer.crm.access:
        raise ForbiddenError("You may not use the CRM: ask an administrator for access.")


async def admit_beside_conversation(
    contact_id: PathId, caller: CurrentCaller, gateway: GatewayPorts
) -> None:
    """Admits also agents who may not use the CRM, if they see a conversation of the contact (C11).
    How much of the contact they see is decided by the same rules as for all others (W6)."""
    if caller.viewer.crm.access:
        return
    contact = await gateway.crm.contact(await load_scope(gateway, caller), ContactId(contact_id))
    for customer in () if contact is None else contact.document.customers:
        wanted = ConversationFilter(page_id=customer.page_id, external_id=customer.external_id)
        if await gateway.scans.ids(caller.scope, wanted, 1, None):
            return
    await require_access(caller)


async def load_scope(gateway: Gateway, caller: Caller) -> ContactScope:
    """The scope of the caller: the contacts that they may see."""
    viewer = caller.viewer
    memberships = await gateway.crm.memberships(viewer.organization, viewer.agent_id)
    return contact_scope_of(viewer, memberships)


async def find_visible_contact(
    gateway: Gateway,
    caller: Caller,
    contact_id: str,
    after: int | None = None,
    *,
    access: AccessLevel = AccessLevel.READ,
) -> VisibleContact:
    """The contact, once the views contain the version `after`.

    Raises MergedError if it was merged into another contact that the caller sees (C2). Raises
    NotFoundError if there is no such contact or the caller sees less of it than `access`,
    without a delay or a word that would distinguish the two (W6, R7.2). Raises UnavailableError
    after 5 s.
    """
    scope = await load_scope(gateway, caller)

    async def look() -> VisibleContact | None:
        contact = await gateway.crm.contact(scope, ContactId(contact_id))
        if contact is None or contact.access < access:
            raise not_found("contact", contact_id)
        if contact.document.id != contact_id:
            raise MergedError(ContactId(contact_id), contact.document.id)
        return contact if contact.document.sequence >= (after or 0) else None

    return await wait_until_shown(look)


async def find_writable_contact(
    gateway: Gateway, caller: Caller, contact_id: str
) -> VisibleContact:
    """The contact, if the caller may change it and what belongs to it. Raises NotFoundError as
    `find_visible_contact` does, and ForbiddenError if the caller may read it only (S1)."""
    contact = await find_visible_contact(gateway, caller, contact_id)
    require_writable(contact)
    return contact


async def find_stored(
    gateway: Gateway, caller: Caller, command: ContactCommand, settled: CrmCommandSettled
) -> ContactDocument | None:
    """What became of the command's contact by more than the command says: a merge, or its
    warehouse's distribution. None if it was merged into one now that the caller may not see: then
    nothing is said of that one but that it has the phone number or email (C2)."""
    contact_id = settled.survivor or command.contact_id
    try:
        found = await find_visible_contact(gateway, caller, contact_id, settled.version)
    except NotFoundError:
        return None
    return found.document


async def find_child(
    gateway: Gateway, caller: Caller, view: View[ChildDocumentT], what: str, child_id: str
) -> tuple[VisibleContact, ChildDocumentT]:
    """Something that belongs to a contact, and the contact. Raises NotFoundError, also if the
    caller may not read the contact; `what` names its kind."""
    found = await gateway.crm.child(view, await load_scope(gateway, caller), child_id)
    if found is None:
        raise not_found(what, child_id)
    return found


async def require_removed(
    gateway: Gateway, caller: Caller, view: View[Any], what: str, entity_id: str
) -> None:
    """Returns if something that does not exist was removed within the last day, so that a removal
    can be repeated. Raises NotFoundError if there never was such a thing, and also if the caller
    does not see the contact; ForbiddenError if they may read it only."""
    access = await gateway.crm.access_to_removed(view, await load_scope(gateway, caller), entity_id)
    if access < AccessLevel.READ:
        raise not_found(what, entity_id)
    _require_write(access)


def require_writable(contact: VisibleContact) -> None:
    """Raises ForbiddenError if the caller may read the contact only."""
    _require_write(contact.access)


def _require_write(access: AccessLevel) -> None:
    if access < AccessLevel.WRITE:
        raise ForbiddenError(
            "This contact is shared with you: you can read it, and change nothing."
        )


def new_command_id() -> str:
    """An id for a command that a request makes."""
    return f"cmd_{uuid4().hex}"


def new_id(kind: str) -> str:
    """An id for an entity whose caller chose none."""
    return f"{kind}_{uuid4().hex}"


async def carry_out(gateway: Gateway, command: CrmCommand, what: str) -> CrmCommandSettled:
    """The CRM's result of a command that it carried out; `what` names the kind of its subject.
    Returns once the views contain the change, so that the caller can read it.

    What the route has read before only says whether the caller may do it. Raises NotFoundError,
    VersionPassedError (412), ConflictError and TakenError (409), and UnavailableError if there is
    no result in time.
    """
    settled = check_settled(await gateway.crm_commands.carry_out(command), command, what)
    contact_id = settled.survivor or settled.contact_id
    if contact_id is not None:
        await gateway.crm.wait_for_contact(contact_id, settled.version)
    return settled


def check_settled(settled: CrmCommandSettled, command: CrmCommand, what: str) -> CrmCommandSettled:
    """Raises the errors of `carry_out` for a result; returns it if the command was carried out."""
    match settled.outcome:
        case CrmOutcome.NOT_FOUND:
            raise not_found(what, command.subject)
        case CrmOutcome.VERSION_PASSED:
            raise VersionPassedError(
                "Somebody changed it first: look again, then decide.", settled.version, None
            )
        case CrmOutcome.REFUSED if settled.refusal is CrmRefusal.NOT_ALLOWED:
            raise ForbiddenError(
                "You may not do this with the contact: ask a manager of its warehouse."
            )
        case CrmOutcome.REFUSED if settled.refusal is CrmRefusal.NO_WAREHOUSE:
            raise InvalidError("warehouse_id", "There is no such warehouse: add it first.")
        case CrmOutcome.REFUSED if settled.field_id is not None:
            raise InvalidError(f"custom.{settled.field_id}", explain_value(settled))
        case CrmOutcome.REFUSED if settled.refusal is CrmRefusal.NO_CAMPAIGN:
            raise InvalidError("campaign_id", "There is no such campaign: add it first.")
        case CrmOutcome.REFUSED:
            refusal = settled.refusal or CrmRefusal.ID_TAKEN
            detail = _REFUSALS.get(refusal, _ANOTHER_REFUSAL)
            if settled.holder is not None:
                raise TakenError(detail, settled.holder)
            raise ConflictError(detail)
        case CrmOutcome.APPLIED | CrmOutcome.UNCHANGED:
            return settled


def not_found(what: str, entity_id: str) -> NotFoundError:
    return NotFoundError(f"There is no {what} {entity_id!r}.")
