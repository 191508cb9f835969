"""I12, `done_after_hours`: closes conversations in which nothing happened for so long."""

from collections.abc import Iterable
from datetime import timedelta

import structlog

from tuyen_events.ids import OrganizationId, caused_command_id
from tuyen_gateway.adapters.commands import Placed, mark_done
from tuyen_gateway.domain.directory import Organization
from tuyen_gateway.domain.inbox import Conversation
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.patience import is_away
from tuyen_platform.metrics import CLOSED_CONVERSATIONS

BATCH = 500
"""How many commands are under way at once."""

_log = structlog.get_logger()


async def close_quiet(gateway: Gateway, organizations: Iterable[Organization]) -> None:
    """Closes what is due by now, and returns once that stands in the log.

    An event is a message of either side, as it was accepted here, or somebody's opening it again.
    A command's id comes from the conversation and its last event, and it closes no more than what
    was seen: two gateways that do it at once do it once, and whoever writes meanwhile is heard.
    When a server is away the rest of an organization is left to the next check; so it is when one
    of its conversations raises what nobody expected, and the other organizations go on (R9.5).
    """
    for organization in organizations:
        hours = organization.settings.done_after_hours
        if not hours:
            continue
        try:
            await gateway.inbox.caught_up()
            await _close(gateway, organization.id, timedelta(hours=hours))
        except Exception as error:
            # The one supervisor of an organization's closing: nobody else's may stop for it.
            if is_away(error):
                _log.warning("closing_put_off", organization=organization.id, error=str(error))
            else:
                _log.exception("closing_failed", organization=organization.id)


async def _close(gateway: Gateway, organization: OrganizationId, after: timedelta) -> None:
    now = gateway.clock.now()
    last: Conversation | None = None
    while rows := await gateway.walks.quiet(organization, now - after, BATCH, last):
        last = rows[-1]
        commands = [command for row in rows if (command := _command(gateway, row)) is not None]
        await gateway.commands.send(commands)
        CLOSED_CONVERSATIONS.inc(len(commands))
        _log.info(
            "quiet_conversations_closed",
            organization=organization,
            conversation_ids=[placed.command.conversation_id for placed in commands],
        )


def _command(gateway: Gateway, row: Conversation) -> Placed | None:
    named = caused_command_id("done_after_hours", row.id, str(row.active_at))
    return mark_done(row, named, done=True, by=None, at=gateway.clock.now())
