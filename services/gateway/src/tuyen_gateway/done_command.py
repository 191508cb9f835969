"""The command that closes or opens a conversation, as requests and jobs send it (I12)."""

from datetime import datetime

from tuyen_events.commands import MarkConversationDone
from tuyen_events.ids import AgentId, customer_key
from tuyen_events.topics import INBOUND
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.read_marks import NONE_YET
from tuyen_gateway.ports.commands import AddressedCommand
from tuyen_platform.kafka.partitions import partition_of


def build_done_command(
    row: InboxRow, command_id: str, *, done: bool, by: AgentId | None, at: datetime
) -> AddressedCommand | None:
    """The command that closes or opens a conversation as it is shown in `row`: a later event opens
    it again (I12). None for a row whose customer is not known yet."""
    target = row.command_target
    if row.organization is None or row.page_id is None or row.kind is None or target is None:
        return None
    partition = target.partition
    if partition is None:
        key = customer_key(row.organization, row.page_id, target.external_id)
        partition = partition_of(key, INBOUND.partitions)
    command = MarkConversationDone(
        command_id=command_id,
        organization=row.organization,
        page_id=row.page_id,
        conversation_id=row.id,
        customer_id=target.customer_id,
        customer_external_id=target.external_id,
        kind=row.kind,
        done=done,
        seen_events=row.inbound_events,
        seen_offset=row.counted.get(str(partition), NONE_YET),
        by=by,
        known_version=row.version,
        known_agent_id=row.assignee,
        at=at,
    )
    return AddressedCommand(command, partition)
