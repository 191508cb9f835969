"""Identifiers: how they are derived, so that every service derives the same ones.

An id of something at a channel is derived from the channel's own ids and is never random: a webhook
that is delivered twice, or an event that is handled again after a crash, gets the same ids again
(R9.2). Derived ids are 96 bits of BLAKE2b after a prefix that says what they identify; they are
safe in URLs and contain no personal data.

Decides R9.2, R9.3 and INV3.
"""

from hashlib import blake2b
from typing import NewType

from tuyen_events.limits import ID_CHARACTERS

OrganizationId = NewType("OrganizationId", str)
PageId = NewType("PageId", str)
CustomerId = NewType("CustomerId", str)
ContactId = NewType("ContactId", str)
ConversationId = NewType("ConversationId", str)
MessageId = NewType("MessageId", str)
AgentId = NewType("AgentId", str)
RuleId = NewType("RuleId", str)
EventId = NewType("EventId", str)
DepartmentId = NewType("DepartmentId", str)
RegionId = NewType("RegionId", str)
GroupId = NewType("GroupId", str)
LinkId = NewType("LinkId", str)
IntegrationId = NewType("IntegrationId", str)
CallId = NewType("CallId", str)
TemplateId = NewType("TemplateId", str)
ViewId = NewType("ViewId", str)

CHOSEN_ID_PATTERN = r"^[A-Za-z0-9._:-]{1,64}$"
"""The form of an id that a caller chooses."""


def cut_chosen_id(name: str | None) -> str | None:
    """The id of something of an organization, as a site or visitor names it. An id that is too long
    is cut to a text that no organization can choose as an id, so it refers to nothing (R1.5)."""
    if name is None or len(name) <= ID_CHARACTERS:
        return name
    return name[: ID_CHARACTERS - 1] + "…"


def _derive(prefix: str, *parts: str) -> str:
    return prefix + blake2b("\0".join(parts).encode(), digest_size=12).hexdigest()


def customer_id(organization: OrganizationId, page: PageId, external_id: str) -> CustomerId:
    """The customer: one identity of a channel on one page."""
    return CustomerId(_derive("cus_", organization, page, external_id))


_ANONYMOUS = "anonymous:"


def build_unnamed_author(comment_external_id: str) -> str:
    """The external id of the author of a comment, if the channel does not name them."""
    return f"{_ANONYMOUS}{comment_external_id}"


def is_unnamed(external_id: str) -> bool:
    """Whether a customer is an author whom the channel does not name, and who can never be
    recognized."""
    return external_id.startswith(_ANONYMOUS)


def livechat_app_id(organization: OrganizationId, page: PageId) -> str:
    """The id of a livechat page in its webhook's address and in its widget."""
    return _derive("app_", organization, page)


def contact_id(customer: CustomerId) -> ContactId:
    """The contact that a customer's first event creates (C1), before any merge."""
    return ContactId(_derive("con_", customer))


def call_id(organization: OrganizationId, integration: IntegrationId, external_id: str) -> CallId:
    """A call, by its id at the call center: the same id, the same call (C7)."""
    return CallId(_derive("call_", organization, integration, external_id))


def contact_of_call(call: CallId) -> ContactId:
    """The contact that a call creates if nobody has its phone number."""
    return ContactId(_derive("con_", call))


def contact_of_lead(
    organization: OrganizationId, integration: IntegrationId, external_id: str
) -> ContactId:
    """The contact that a lead creates, before any merge: the same id at its source, the same
    contact (C12)."""
    return ContactId(_derive("con_", "lead", organization, integration, external_id))


def note_of_lead(contact: ContactId, text: str) -> str:
    """What a lead says of its contact, as a note: the same text, the same note."""
    return _derive("note_", contact, text)


def content_digest(content: bytes) -> str:
    """By which the same content is recognized, without keeping it."""
    return blake2b(content, digest_size=12).hexdigest()


def merge_id(cause: str, older: ContactId, younger: ContactId) -> str:
    """The merge of two contacts: the same cause, the same id (INV3)."""
    return _derive("mrg_", cause, older, younger)


def proposal_id(one: ContactId, another: ContactId, fact: str) -> str:
    """The proposal to merge two contacts because of a phone number or an email: the same two in any
    order, the same id."""
    return _derive("mpr_", *sorted((one, another)), fact)


def suggestion_id(organization: OrganizationId, value: str) -> str:
    """What is offered as a contact's phone number or email: the same value, the same id (C3)."""
    return _derive("sug_", organization, value)


def message_thread_id(customer: CustomerId) -> ConversationId:
    """The one message conversation of a customer and page."""
    return ConversationId(_derive("msg_", customer))


def livestream_thread_id(customer: CustomerId, post_external_id: str) -> ConversationId:
    """The conversation of one customer on one livestream."""
    return ConversationId(_derive("live_", customer, post_external_id))


def comment_thread_id(
    organization: OrganizationId, page: PageId, root_comment_external_id: str
) -> ConversationId:
    """The conversation of one root comment, whoever wrote it (R4.1)."""
    return ConversationId(_derive("cmt_", organization, page, root_comment_external_id))


def message_id(organization: OrganizationId, page: PageId, external_id: str) -> MessageId:
    """A message or comment in a thread, by its id at the channel."""
    return MessageId(_derive("m_", organization, page, external_id))


def reply_id(conversation: ConversationId, client_id: str) -> MessageId:
    """A reply of ours, from the caller's `Idempotency-Key`: the same key, the same message (I6)."""
    return MessageId(_derive("m_", conversation, client_id))


def kept_media_id(message: MessageId, url: str) -> str:
    """What is kept of an attachment of a message, by its address at the channel: the same address,
    the same file."""
    return _derive("att_", message, url)


def outbound_request_id(cause: str) -> str:
    """A request to a channel: of a reply's first one, `cause` is the reply; of a retry, the earlier
    request."""
    return _derive("req_", cause)


def event_id(*deduplication_key: str) -> EventId:
    """The id of an event, from the deduplication key of its channel (P5c)."""
    return EventId(_derive("evt_", *deduplication_key))


def derive_event_id(cause: str, *parts: str) -> EventId:
    """The id of an event that follows from another: the same cause, the same id (INV3)."""
    return EventId(_derive("evt_", cause, *parts))


def derive_command_id(cause: str, *parts: str) -> str:
    """The id of a command that something other than a person's click causes: the same cause, the
    same id."""
    return _derive("cmd_", cause, *parts)


def customer_key(organization: OrganizationId, page: PageId, external_id: str) -> str:
    """The Kafka key of everything that must stay in order for a customer and page (R9.3)."""
    return f"{organization}/{page}/{external_id}"
