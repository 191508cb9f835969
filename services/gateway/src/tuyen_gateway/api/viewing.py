"""Who has a conversation open, and who is writing there (I14)."""

from fastapi import APIRouter
from pydantic import ConfigDict

from tuyen_events.ids import ConversationId
from tuyen_events.limits import VIEWING_LASTS_S
from tuyen_events.viewing import ConversationViewed
from tuyen_gateway.api.bodies import RequestBody, ResponseBody
from tuyen_gateway.api.conversations import find_visible_row
from tuyen_gateway.api.dependencies import CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.problems import problems

router = APIRouter(prefix="/conversations", tags=["live"])


class ViewingIn(RequestBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"typing": True}]})

    typing: bool = False


class ViewingView(ResponseBody):
    conversation_id: str
    typing: bool
    lasts_s: int
    """Repeat the request before so many seconds have passed, as long as it is true."""


@router.put("/{conversation_id}/viewing", summary="I have it open", responses=problems(404, 429))
async def put_viewing(
    conversation_id: PathId, body: ViewingIn, caller: CurrentCaller, gateway: GatewayPorts
) -> ViewingView:
    """Shows the viewer among those who have the conversation open, in the live streams of everybody
    who may see it, for `lasts_s` seconds. It is stored nowhere."""
    row = await find_visible_row(gateway, caller, conversation_id)
    viewed = ConversationViewed(
        organization=caller.organization.id,
        conversation_id=ConversationId(row.id),
        agent_id=caller.viewer.agent_id,
        typing=body.typing,
        at=gateway.clock.now(),
    )
    await gateway.viewing.note(viewed)
    return ViewingView(conversation_id=row.id, typing=body.typing, lasts_s=VIEWING_LASTS_S)
