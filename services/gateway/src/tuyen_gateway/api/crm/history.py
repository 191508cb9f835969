"""The history of a contact, in sentences (C8)."""

from datetime import datetime
from functools import partial

from fastapi import APIRouter
from pydantic import Field

from tuyen_gateway.api.assignments import names_of
from tuyen_gateway.api.bodies import BilingualText, ResponseBody
from tuyen_gateway.api.crm.access import AfterContactVersion, find_visible_contact
from tuyen_gateway.api.crm.entities import list_children
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.sentences import NameLookup
from tuyen_views.history import HISTORY_VIEW, HistoryDocument, name_mentioned

router = APIRouter(prefix="/contacts/{contact_id}/history", tags=["contacts"])


class ChangeView(ResponseBody):
    field: str
    from_: str | None = Field(serialization_alias="from")
    to: str | None


class HistoryView(ResponseBody):
    at: datetime
    by: str | None
    """The agent; null if no agent did it."""
    event: str
    text: BilingualText
    changes: list[ChangeView]


@router.get("", summary="What happened to a contact", responses=problems(404))
async def list_history(
    contact_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    after: AfterContactVersion = None,
) -> Listed[HistoryView]:
    """Newest first, for viewers who see the contact; with the present names of agents."""
    names = names_of(caller.organization)
    render = partial(_view, names=names)
    contact = await find_visible_contact(gateway, caller, contact_id, after)
    return await list_children(gateway, paging, contact, HISTORY_VIEW, render)


def _view(entry: HistoryDocument, names: NameLookup) -> HistoryView:
    who = "" if entry.by is None else f"{names.agent(entry.by)} "
    return HistoryView(
        at=entry.at,
        by=entry.by,
        event=entry.event,
        text=BilingualText(
            vi=who + name_mentioned(entry.vi, names.agent),
            en=who + name_mentioned(entry.en, names.agent),
        ),
        changes=[
            ChangeView(field=each.field, from_=each.before, to=each.after) for each in entry.changes
        ],
    )
