"""The inbox: lists, counts, details, threads, and agents' marks (I2 to I5, I12)."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Response

from tuyen_events.ids import ConversationId, MessageId
from tuyen_events.limits import VERSION
from tuyen_gateway.api.conversation_filter import QueriedFilter
from tuyen_gateway.api.conversation_views import (
    ConversationDetail,
    ConversationView,
    CountsView,
    DoneIn,
    DoneView,
    MarkView,
    MessageView,
    ReadIn,
    conversation_view,
    counts_view,
    detail_view,
    message_view,
)
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import inbox_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.read_marks import ReadPosition
from tuyen_gateway.done_command import build_done_command
from tuyen_gateway.errors import NotFoundError, UnavailableError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.mark_writer import write_mark

router = APIRouter(prefix="/conversations", tags=["conversations"])


async def _after(
    gateway: GatewayPorts,
    after: Annotated[
        int | None,
        Query(
            ge=0, le=VERSION, description="Answer from a view that has seen this version, or `503`."
        ),
    ] = None,
) -> int | None:
    """Waits until the views show everything that was written before the request, at most 5 s."""
    if after is not None:
        await gateway.inbox.wait_until_caught_up()
    return after


AfterAssignment = Annotated[int | None, Depends(_after)]


@router.get("", summary="List conversations")
async def list_conversations(
    caller: CurrentCaller,
    gateway: GatewayPorts,
    wanted: QueriedFilter,
    paging: CurrentPaging,
    _: AfterAssignment,
) -> Listed[ConversationView]:
    """Newest activity first. Following `next` to the end lists the conversations as they were
    ordered at the first call: those that move up meanwhile are neither omitted nor repeated, and
    those that are new since then appear in the next scan. Once 10,000 of the organization's
    conversations have got messages meanwhile, `next` is `422`: start again without it."""
    position = await inbox_position(gateway, caller.organization)
    page = await gateway.inbox.conversations(caller.scope, wanted, paging.limit, paging.after)
    return Listed(
        items=[conversation_view(row, caller) for row in page.items],
        next=paging.cursor(page.following),
        position=position,
    )


@router.get("/counts", summary="Count conversations")
async def count_conversations(
    caller: CurrentCaller, gateway: GatewayPorts, wanted: QueriedFilter, _: AfterAssignment
) -> CountsView:
    """Counts what the viewer may see and the filters select (I3): all, and those with something
    unread for the viewer, in total, by channel and by kind."""
    position = await inbox_position(gateway, caller.organization)
    return counts_view(await gateway.inbox.counts(caller.scope, wanted), position)


@router.get("/{conversation_id}", summary="One conversation", responses=problems(404))
async def get_conversation(
    conversation_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
    after: AfterAssignment,
) -> ConversationDetail:
    position = await inbox_position(gateway, caller.organization)
    row = await find_visible_row(gateway, caller, conversation_id)
    if after is not None and row.version < after:
        raise UnavailableError(f"Version {after} has not been decided yet: try again.")
    set_etag(response, row.version)
    return detail_view(row, caller, position)


@router.get(
    "/{conversation_id}/messages",
    summary="The thread",
    responses=problems(404),
    response_model_exclude_unset=True,
)
async def list_messages(
    conversation_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    _: AfterAssignment,
) -> Listed[MessageView]:
    """Oldest first. A message that was removed at the channel stays as `removed`, without its
    text."""
    position = await inbox_position(gateway, caller.organization)
    row = await find_visible_row(gateway, caller, conversation_id)
    page = await gateway.inbox.messages(row, paging.limit, paging.after)
    return Listed(
        items=[message_view(message, row, caller) for message in page.items],
        next=paging.cursor(page.following),
        position=position,
    )


@router.post("/{conversation_id}/read", summary="Mark as read", responses=problems(404))
async def post_read(
    conversation_id: PathId,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
    body: ReadIn | None = None,
) -> MarkView:
    """For the viewer only (I5): nothing that has arrived so far, or up to the message `until`, is
    unread any more. Later messages stay unread."""
    row = await find_visible_row(gateway, caller, conversation_id)
    shown: ReadPosition | None = ReadPosition(events=row.inbound_events, until=row.counted)
    if body is not None and body.until is not None:
        shown = await gateway.inbox.find_shown_until(row, MessageId(body.until))
    if shown is None:
        raise NotFoundError(f"There is no such message in the conversation {conversation_id!r}.")
    return await _mark(gateway, caller, row, shown, response)


@router.post("/{conversation_id}/unread", summary="Mark as unread", responses=problems(404))
async def post_unread(
    conversation_id: PathId, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> MarkView:
    """For the viewer only (I5): the newest of the customer's messages is unread again."""
    row = await find_visible_row(gateway, caller, conversation_id)
    return await _mark(gateway, caller, row, await gateway.inbox.find_shown_but_last(row), response)


@router.put("/{conversation_id}/done", summary="Close or reopen", responses=problems(404))
async def put_done(
    conversation_id: PathId,
    body: DoneIn,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> DoneView:
    """For everybody (I12). The customer's next message or comment opens it again."""
    row = await find_visible_row(gateway, caller, conversation_id)
    command = build_done_command(
        row,
        f"cmd_{uuid4().hex}",
        done=body.done,
        by=caller.viewer.agent_id,
        at=gateway.clock.now(),
    )
    if command is None:
        raise NotFoundError(f"There is no conversation {conversation_id!r}.")
    await gateway.commands.send([command])
    set_etag(response, row.version)
    return DoneView(id=row.id, done=body.done, version=row.version)


async def find_visible_row(gateway: Gateway, caller: Caller, conversation_id: str) -> InboxRow:
    """Raises NotFoundError for a conversation that does not exist or that the viewer may not see
    (R7.2)."""
    row = await gateway.inbox.conversation(caller.scope, ConversationId(conversation_id))
    if row is None:
        raise NotFoundError(f"There is no conversation {conversation_id!r}.")
    return row


async def _mark(
    gateway: Gateway, caller: Caller, row: InboxRow, shown: ReadPosition, response: Response
) -> MarkView:
    agent_id = caller.viewer.agent_id
    marked = await write_mark(gateway, caller.organization.id, agent_id, row, shown)
    set_etag(response, row.version)
    return MarkView(id=row.id, unread=marked.unread_of(agent_id), version=row.version)
