"""Posts of the pages, and the comments below them (I9)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query

from tuyen_events.ids import CHOSEN_ID_PATTERN, PageId
from tuyen_events.limits import EXTERNAL_ID_CHARACTERS
from tuyen_gateway.api.bodies import ResponseBody
from tuyen_gateway.api.conversation_views import MessageView, message_view
from tuyen_gateway.api.conversations import AfterAssignment
from tuyen_gateway.api.dependencies import Caller, CurrentCaller, GatewayPorts
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.positions import inbox_position
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.posts import DatedValue, PostKind
from tuyen_gateway.errors import NotFoundError
from tuyen_gateway.ports.posts import CommentOfPost, CountedPost

router = APIRouter(prefix="/posts", tags=["posts"])

PostPath = Annotated[str, Path(min_length=1, max_length=EXTERNAL_ID_CHARACTERS)]
"""The id of a post at its channel."""


class PostView(ResponseBody):
    id: str
    """At the channel; the same as `post_id` of the conversations below it."""
    page_id: str
    kind: PostKind
    """`livestream` for a video that is or was live."""
    text: str | None
    picture: str | None
    """`/v1/attachments/...` once it is stored here; until then its address at the channel, which
    expires."""
    permalink: str | None
    """The address at which the channel shows it."""
    comments: int
    """Comments that customers wrote and that were not removed, of those that the viewer may see."""
    unanswered: int
    """Conversations below it that need a reply, of those that the viewer may see."""
    created_at: datetime
    """When it was published or, if that is not known, first commented on."""


class CommentView(MessageView):
    conversation_id: str


@router.get("", summary="List posts")
async def list_posts(
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    _: AfterAssignment,
    page: Annotated[
        str | None, Query(pattern=CHOSEN_ID_PATTERN, description="Those of one page.")
    ] = None,
) -> Listed[PostView]:
    """Newest first, without those that were removed at the channel."""
    position = await inbox_position(gateway, caller.organization)
    found = await gateway.posts.posts(
        caller.scope, None if page is None else PageId(page), paging.limit, paging.after
    )
    return Listed(
        items=[_post_view(one) for one in found.items],
        next=paging.cursor(found.following),
        position=position,
    )


@router.get(
    "/{post_id}/comments",
    summary="The comments below a post",
    responses=problems(404),
    response_model_exclude_unset=True,
)
async def list_comments(
    post_id: PostPath,
    caller: CurrentCaller,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    _: AfterAssignment,
) -> Listed[CommentView]:
    """All comments and replies, of customers and of the page, oldest first: `parent_id` is the
    comment that one replies to. Those in conversations that the viewer may not see are left out
    (R7), so that a page may be short, or empty, and still have a `next`."""
    position = await inbox_position(gateway, caller.organization)
    post = await gateway.posts.post(caller.scope, post_id)
    if post is None:
        raise NotFoundError(f"There is no post {post_id!r}.")
    found = await gateway.posts.comments(caller.scope, post, paging.limit, paging.after)
    return Listed(
        items=[_comment_view(one, caller) for one in found.items],
        next=paging.cursor(found.following),
        position=position,
    )


def _post_view(counted: CountedPost) -> PostView:
    post = counted.post
    return PostView.model_validate(
        {
            "id": post.external_id,
            "page_id": post.page_id,
            "kind": post.kind,
            "text": _value(post.text),
            "picture": post.picture_url,
            "permalink": _value(post.comment_permalink) or _value(post.permalink),
            "comments": counted.comments,
            "unanswered": counted.unanswered,
            "created_at": post.created_at,
        }
    )


def _value(value: DatedValue | None) -> str | None:
    return None if value is None else value.value


def _comment_view(comment: CommentOfPost, caller: Caller) -> CommentView:
    shown = message_view(comment.message, comment.row, caller)
    return CommentView.model_validate(
        {**shown.model_dump(exclude_unset=True), "conversation_id": comment.row.id}
    )
