"""I12, `done_after_hours`: closes conversations in which nothing happened for so long.

Decides I12.
"""

from collections.abc import Iterable
from datetime import timedelta

import structlog

from tuyen_directory.organization import Organization
from tuyen_events.ids import OrganizationId, derive_command_id
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.done_command import build_done_command
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.retry import is_transient
from tuyen_gateway.ports.commands import AddressedCommand
from tuyen_platform.metrics import CLOSED_CONVERSATIONS

BATCH = 500
"""How many commands are in flight at once."""

_log = structlog.get_logger()


async def close_inactive(gateway: Gateway, organizations: Iterable[Organization]) -> None:
    """Closes what is due by now, and returns once that is in the log.

    An event is a message of either side, at its time of acceptance, or the reopening by somebody. A
    command's id is derived from the conversation and its last event, and it closes no more than
    what was seen: if two gateways do it at once, it is done once, and a message that arrives
    meanwhile reopens the conversation. If a server is unavailable, the rest of an organization is
    left to the next check; so it is if one of its conversations raises an unexpected exception, and
    the other organizations continue (R9.5).
    """
    for organization in organizations:
        hours = organization.settings.done_after_hours
        if not hours:
            continue
        try:
            await gateway.inbox.wait_until_caught_up()
            await _close(gateway, organization.id, timedelta(hours=hours))
        except Exception as error:
            # The supervisor of one organization's closing: others must not stop because of it.
            if is_transient(error):
                _log.warning("closing_put_off", organization=organization.id, error=str(error))
            else:
                _log.exception("closing_failed", organization=organization.id)


async def _close(gateway: Gateway, organization: OrganizationId, after: timedelta) -> None:
    now = gateway.clock.now()
    last: InboxRow | None = None
    while rows := await gateway.scans.inactive(organization, now - after, BATCH, last):
        last = rows[-1]
        commands = [command for row in rows if (command := _command(gateway, row)) is not None]
        await gateway.commands.send(commands)
        CLOSED_CONVERSATIONS.inc(len(commands))
        _log.info(
            "inactive_conversations_closed",
            organization=organization,
            conversation_ids=[placed.command.conversation_id for placed in commands],
        )


def _command(gateway: Gateway, row: InboxRow) -> AddressedCommand | None:
    named = derive_command_id("done_after_hours", row.id, str(row.active_at))
    return build_done_command(row, named, done=True, by=None, at=gateway.clock.now())
