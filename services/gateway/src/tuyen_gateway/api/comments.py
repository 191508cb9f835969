"""Actions on comments: hide, like, edit, delete (I8)."""

from fastapi import APIRouter, Response, status
from pydantic import ConfigDict

from tuyen_events.ids import MessageId
from tuyen_events.outbound import OutboundAction
from tuyen_gateway.api.bodies import RequestBody
from tuyen_gateway.api.conversation_views import MessageView, message_view
from tuyen_gateway.api.conversations import find_visible_row
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts, PathId
from tuyen_gateway.api.etags import set_etag
from tuyen_gateway.api.problems import problems
from tuyen_gateway.api.replies import ReplyText, require_connected
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.errors import InvalidError, NotFoundError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.replies.comments import CommentAction, act_on_comment, find_comment
from tuyen_gateway.replies.targets import ReplyThread, thread_of

router = APIRouter(prefix="/comments", tags=["replies"])


class CommentIn(RequestBody):
    """What is omitted stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"hidden": True}]})

    hidden: bool | None = None
    liked: bool | None = None
    """By the page."""
    text: ReplyText | None = None
    """Only of the page's own comments."""

    def wanted(self) -> list[CommentAction]:
        """The actions, in the order in which they are carried out."""
        found = []
        if self.text is not None:
            found.append(CommentAction(OutboundAction.EDIT, self.text))
        if self.hidden is not None:
            found.append(
                CommentAction(OutboundAction.HIDE if self.hidden else OutboundAction.UNHIDE)
            )
        if self.liked is not None:
            found.append(
                CommentAction(OutboundAction.LIKE if self.liked else OutboundAction.UNLIKE)
            )
        return found


@router.patch(
    "/{message_id}",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Hide, like or edit a comment",
    response_model_exclude_unset=True,
    responses=problems(404, 409),
)
async def patch_comment(
    message_id: PathId,
    body: CommentIn,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    response: Response,
) -> MessageView:
    """For everybody who may see the comment's conversation (R7). Answers once the request is in the
    log; the comment changes when the channel has done it, and shows a `problem` if it has not."""
    wanted = body.wanted()
    if not wanted:
        raise InvalidError("", "Give at least one of `hidden`, `liked` and `text`.")
    thread, comment = await _find(gateway, caller, message_id)
    comment = await act_on_comment(gateway, caller.viewer, thread, comment, wanted)
    set_etag(response, thread.row.version)
    return message_view(comment, thread.row, caller)


@router.delete(
    "/{message_id}",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Delete a comment at the channel",
    response_model_exclude_unset=True,
    responses=problems(404, 409),
)
async def delete_comment(
    message_id: PathId, caller: CurrentCaller, gateway: GatewayPorts, response: Response
) -> MessageView:
    """As above; nothing brings the comment back."""
    thread, comment = await _find(gateway, caller, message_id)
    wanted = [CommentAction(OutboundAction.DELETE)]
    comment = await act_on_comment(gateway, caller.viewer, thread, comment, wanted)
    set_etag(response, thread.row.version)
    return message_view(comment, thread.row, caller)


async def _find(gateway: Gateway, caller: Caller, message_id: str) -> tuple[ReplyThread, Message]:
    """A comment that the viewer may see, and its thread. Raises NotFoundError."""
    comment = await find_comment(gateway, caller.viewer, MessageId(message_id))
    if comment is None or comment.conversation_id is None:
        raise NotFoundError(f"There is no comment {message_id!r}.")
    try:
        row = await find_visible_row(gateway, caller, comment.conversation_id)
    except NotFoundError:
        raise NotFoundError(f"There is no comment {message_id!r}.") from None
    return require_connected(thread_of(row, caller.organization.id), caller), comment
