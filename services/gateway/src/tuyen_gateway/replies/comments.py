"""Carries out the actions of agents on comments: hide, like, edit, delete (I8)."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

from tuyen_events.ids import MessageId
from tuyen_events.outbound import OutboundAction, OutboundRequested
from tuyen_gateway.domain.reply_rules import check_action, check_edit
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.domain.visibility import Viewer
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.replies import Sender
from tuyen_gateway.replies.targets import ReplyThread, external_id_of


class CommentAction(NamedTuple):
    """One action; `text` is the new text of an edit."""

    action: OutboundAction
    text: str | None = None


async def act_on_comment(
    gateway: Gateway,
    viewer: Viewer,
    thread: ReplyThread,
    comment: Message,
    wanted: Sequence[CommentAction],
) -> Message:
    """Requests actions on a comment of a thread, and returns it as it is shown: what is requested
    appears once the channel has done it. Raises InvalidError or ConflictError."""
    external_id = check_action(comment, external_id_of(comment))
    for one in wanted:
        if one.text is not None:
            check_edit(comment, one.text)
    now = gateway.clock.now()
    requests = [
        OutboundRequested(
            request_id=f"req_{uuid4().hex}",
            organization=thread.organization,
            page_id=thread.page_id,
            channel=thread.channel,
            conversation_id=thread.id,
            message_id=comment.id,
            at=now,
            action=one.action,
            customer_id=thread.customer.id,
            customer_external_id=thread.customer.external_id,
            kind=thread.kind,
            by=viewer.agent_id,
            by_name=viewer.name,
            target_external_id=external_id,
            target_message_id=comment.id,
            post_external_id=thread.row.post_id,
            text=one.text,
        )
        for one in wanted
    ]
    sender = Sender(thread.organization, thread.page_id, viewer.agent_id)
    await gateway.replies.request(sender, requests, thread.partition)
    found = await gateway.replies.find(thread.organization, [comment.id])
    return found.get(comment.id, comment)


async def find_comment(gateway: Gateway, viewer: Viewer, wanted: MessageId) -> Message | None:
    """A comment of the viewer's organization, in whichever thread; of a part of a reply, the
    reply. The caller checks that the viewer may see the thread (R7.2)."""
    found = (await gateway.replies.find(viewer.organization, [wanted])).get(wanted)
    if found is not None and found.part_of is not None:
        replies = await gateway.replies.find(viewer.organization, [found.part_of])
        found = replies.get(found.part_of)
    return found if found is not None and found.comment else None
