"""Customers who follow a page. To follow is not a message: the customer's conversation is listed
from then on, with nothing unread and without a waiting customer.

Decides I1.
"""

import msgspec

from tuyen_events.inbound import CustomerFollowed, CustomerUnfollowed
from tuyen_events.vocabulary import ConversationKind
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.previews import build_shown_customer
from tuyen_gateway.domain.threads import moment_of

FollowEvent = CustomerFollowed | CustomerUnfollowed


def note_follow(row: InboxRow, event: FollowEvent) -> InboxRow:
    """The row after its customer began to follow the page, or ceased to: the later one counts.

    Idempotent, and in any order with the messages of the thread: what these say of the customer
    replaces what the event says (`customer_rank` is null until then), and the name, by which rows
    are searched, is theirs alone.
    """
    moment = moment_of(event)
    if row.customer is None:
        nameless = msgspec.structs.replace(event.customer, name=None)
        row = msgspec.structs.replace(
            row,
            page_id=event.page_id,
            channel=event.channel,
            kind=ConversationKind.MESSAGE,
            external_id=event.customer.external_id,
            customer=build_shown_customer(None, nameless, names=False),
        )
    if row.organization is None:
        row = msgspec.structs.replace(row, organization=event.organization)
    if row.updated_at is None or row.updated_at < moment[1]:
        row = msgspec.structs.replace(row, updated_at=moment[1])
    if row.follow_changed is not None and row.follow_changed >= moment:
        return row
    followed = isinstance(event, CustomerFollowed)
    return msgspec.structs.replace(row, follows=followed, follow_changed=moment)
