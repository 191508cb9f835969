"""What a channel allows in a conversation now (P5), its comments' private replies included."""

from dataclasses import replace

from tuyen_gateway.domain.attempts import ReplyState
from tuyen_gateway.domain.reply_rules import check_private_reply
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.domain.window import Allowed, Window, find_window
from tuyen_gateway.errors import ConflictError, InvalidError, WindowClosedError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.replies.targets import ReplyThread, external_id_of, find_answered_privately


async def find_present_window(gateway: Gateway, thread: ReplyThread) -> Window:
    """The channel's window. It allows a private reply while one of two comments takes it: the one
    that is answered if a reply names none, or the customer's last one."""
    human_agent = gateway.settings.facebook_human_agent
    window = find_window(thread.row, gateway.clock.now(), human_agent=human_agent)
    if Allowed.PRIVATE not in window.allowed or await _takes_private_reply(gateway, thread):
        return window
    return replace(window, allowed=tuple(a for a in window.allowed if a is not Allowed.PRIVATE))


async def _takes_private_reply(gateway: Gateway, thread: ReplyThread) -> bool:
    for comment in (
        await find_answered_privately(gateway.replies, thread),
        await gateway.replies.find_last_comment(thread.row),
    ):
        if comment is None or external_id_of(comment) is None:
            continue
        try:
            await check_first_private_reply(gateway, comment)
        except (ConflictError, InvalidError, WindowClosedError):
            continue
        return True
    return False


async def check_first_private_reply(gateway: Gateway, comment: Message) -> None:
    """Raises InvalidError, ConflictError or WindowClosedError if a comment cannot be answered by a
    private message, or has its one private reply already (P5)."""
    check_private_reply(comment, gateway.clock.now())
    if comment.private_reply is None:
        return
    found = await gateway.replies.find(comment.organization, [comment.private_reply])
    before = found.get(comment.private_reply)
    if before is not None and before.state not in (ReplyState.FAILED, ReplyState.CANCELLED):
        raise ConflictError(
            "The channel takes one private reply to each comment, and this one has it already."
        )
