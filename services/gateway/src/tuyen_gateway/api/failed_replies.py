"""The replies that did not go out, of all conversations (I6)."""

from typing import Annotated

from fastapi import APIRouter, Query

from tuyen_events.limits import LISTED
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.conversation_views import (
    ConversationView,
    MessageView,
    conversation_view,
    message_view,
)
from tuyen_gateway.api.dependencies import GatewayPorts, SetupReader
from tuyen_gateway.api.positions import inbox_position
from tuyen_gateway.api.problems import problems

router = APIRouter(prefix="/failed-replies", tags=["conversations"])


class FailedReplyView(ResponseBody):
    message: MessageView
    conversation: ConversationView


class FailedRepliesView(ResponseBody):
    total: int
    """How many there are; 1,000 if there are more."""
    items: list[FailedReplyView]
    position: str


@router.get(
    "",
    summary="Replies that did not go out",
    responses=problems(403),
    response_model_exclude_unset=True,
)
async def list_failed_replies(
    caller: SetupReader,
    gateway: GatewayPorts,
    limit: Annotated[int, Query(ge=1, le=LISTED)] = 20,
) -> FailedRepliesView:
    """For managing roles, of the pages that they may see, newest first: replies in the state
    `failed`, each with its conversation. One that is sent again is not among them any more."""
    position = await inbox_position(gateway, caller.organization)
    found = await gateway.failed_replies.failed(caller.scope, limit)
    return FailedRepliesView(
        total=found.total,
        items=[
            FailedReplyView(
                message=message_view(message, row, caller),
                conversation=conversation_view(row, caller),
            )
            for message, row in found.newest
        ],
        position=position,
    )
