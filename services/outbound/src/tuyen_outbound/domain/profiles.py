"""Which customers' names the channel is asked for, and which events follow from its answer (C1)."""

from datetime import datetime, timedelta

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import ConversationId, CustomerId, OrganizationId, PageId
from tuyen_events.inbound import (
    Customer,
    CustomerDescribed,
    CustomerFollowed,
    CustomerReferred,
    MessageReceived,
)
from tuyen_events.outbound_limits import PROFILE_KEPT_S, PROFILE_REFUSED_S
from tuyen_events.vocabulary import Channel

DESCRIBED_BY = (MessageReceived, CustomerFollowed, CustomerReferred)
"""What a customer does after which the channel says who they are. It refuses to say so of people to
whom only the page wrote."""


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """A customer or a post that the channel is to be asked for. `caused_by` is the event that
    showed that it is not known, which happened at `wanted_at`; nobody asks before `due`, and
    `attempts` were made so far."""

    id: str = msgspec.field(name="_id")
    organization: OrganizationId
    page_id: PageId
    channel: Channel
    external_id: str
    caused_by: str
    wanted_at: datetime
    due: datetime
    attempts: int = 0


class WantedProfile(Lookup, frozen=True, kw_only=True):
    """A customer whose name or picture is to be asked for."""

    id: CustomerId = msgspec.field(name="_id")
    conversation_id: ConversationId


def find_wanted(event: Event, event_id: str, now: datetime) -> WantedProfile | None:
    """The customer of an event, if it is one after which they are asked for and does not say both
    their name and their picture. Events that were accepted long ago count for nothing: whoever is
    still a customer will cause another one."""
    if not isinstance(event, DESCRIBED_BY):
        return None
    if event.customer.name and event.customer.picture:
        return None
    if isinstance(event, MessageReceived) and event.chat_external_id is not None:
        return None  # the channel knows the chat and nobody in it
    if event.accepted_at < now - timedelta(seconds=PROFILE_KEPT_S):
        return None
    return WantedProfile(
        id=event.customer.id,
        organization=event.organization,
        page_id=event.page_id,
        channel=event.channel,
        external_id=event.customer.external_id,
        conversation_id=event.conversation_id,
        caused_by=event_id,
        wanted_at=now,
        due=now,
    )


def build_description(
    wanted: WantedProfile, name: str | None, picture: str | None, now: datetime
) -> CustomerDescribed | None:
    """The event that says who the customer is; None if the channel said nothing."""
    if name is None and picture is None:
        return None
    return CustomerDescribed(
        organization=wanted.organization,
        page_id=wanted.page_id,
        channel=wanted.channel,
        occurred_at=now,
        accepted_at=now,
        customer=Customer(id=wanted.id, external_id=wanted.external_id, name=name, picture=picture),
        conversation_id=wanted.conversation_id,
    )


def find_known_until(name: str | None, now: datetime) -> datetime:
    """Until when the channel is not asked again after an answer, with a name or without one."""
    return now + timedelta(seconds=PROFILE_REFUSED_S if name is None else PROFILE_KEPT_S)
