"""Who follows a page. It is no message: the customer's conversation is in the list from then on,
with nothing unread, and nobody waits in it."""

import msgspec

from tuyen_events.ids import MessageId
from tuyen_events.inbound import CustomerFollowed, CustomerUnfollowed
from tuyen_gateway.domain.inbox import InboxRow, identify_customer
from tuyen_gateway.domain.threads import moment_of

FollowEvent = CustomerFollowed | CustomerUnfollowed

_NO_MESSAGE = MessageId("")


def note_follow(row: InboxRow, event: FollowEvent) -> InboxRow:
    """The row after its customer began to follow the page, or ceased to: the later one counts.
    Idempotent, and in any order with the messages of the thread."""
    row = identify_customer(row, event, event.customer, _NO_MESSAGE, None)
    moment = moment_of(event)
    if row.organization is None:
        row = msgspec.structs.replace(row, organization=event.organization)
    if row.updated_at is None or row.updated_at < moment[1]:
        row = msgspec.structs.replace(row, updated_at=moment[1])
    if row.follow_changed is not None and row.follow_changed >= moment:
        return row
    followed = isinstance(event, CustomerFollowed)
    return msgspec.structs.replace(row, follows=followed, follow_changed=moment)
