"""Turns a site's webhook into the one event that it contains.

Decides L3.
"""

from datetime import UTC, datetime

from tuyen_channels.bounds import (
    believable,
    cut,
    degrees,
    page_address,
    whole_or_none,
)
from tuyen_channels.lenient_json import read_leniently
from tuyen_channels.livechat import wire
from tuyen_channels.ports import (
    FailedPart,
    Page,
    Pages,
    ParsedBody,
    ParsedEvent,
    SkippedPart,
    SkipReason,
)
from tuyen_events.ids import (
    customer_id,
    customer_key,
    cut_chosen_id,
    event_id,
    message_id,
    message_thread_id,
)
from tuyen_events.inbound import Attachment, Customer, MessageReceived, MessagesSeen, Visit
from tuyen_events.limits import (
    ATTACHMENTS,
    DETAIL_CHARACTERS,
    MEDIA_URL_CHARACTERS,
    NAME_CHARACTERS,
)
from tuyen_events.vocabulary import Channel

_MESSAGE, _SEEN = "message", "seen"
_KINDS = frozenset({"image", "video", "audio", "file", "sticker", "location", "template"})
_OTHER_KIND = "link"


def parse(body: bytes, accepted_at: datetime, pages: Pages, account: str) -> ParsedBody:
    """Reads `body`, which was sent to the webhook of `account`; never raises, whatever it contains.

    Pure: the same arguments give the same result.
    """
    parsed = ParsedBody(page=account, pages={account})
    try:
        found = read_leniently(lambda raw: _read(raw, accepted_at, pages, account), body)
    except Exception as error:  # whatever it raises, it is a failure
        parsed.failures.append(FailedPart.of(account, body, error))
        return parsed
    if isinstance(found, ParsedEvent):
        parsed.events.append(found)
    else:
        parsed.skipped.append(found)
        if found.why is SkipReason.UNKNOWN_PAGE:
            parsed.unknown_pages.add(account)
    return parsed


def _read(
    body: bytes, accepted_at: datetime, pages: Pages, account: str
) -> ParsedEvent | SkippedPart:
    kind = wire.kind_of(body).type
    if kind not in (_MESSAGE, _SEEN):
        return SkippedPart(SkipReason.UNKNOWN_EVENT, kind[:DETAIL_CHARACTERS])
    sent = wire.body_of(body) if kind == _MESSAGE else wire.seen_of(body)
    page = pages.get(account)
    if page is None:
        return SkippedPart(SkipReason.UNKNOWN_PAGE, account)
    if isinstance(sent, wire.LivechatSeen):
        return _seen(sent, accepted_at, page, account)
    if _read_text(sent.message.text) is None and not sent.message.attachments:
        return SkippedPart(SkipReason.EMPTY, kind)
    return _message(sent, accepted_at, page, account)


def _message(
    sent: wire.LivechatBody, accepted_at: datetime, page: Page, account: str
) -> ParsedEvent:
    visitor, own_id = str(sent.visitor.id), str(sent.event_id)
    customer = customer_id(page.organization, page.id, visitor)
    event = MessageReceived(
        organization=page.organization,
        page_id=page.id,
        channel=Channel.LIVECHAT,
        occurred_at=_choose_time(sent.timestamp, accepted_at),
        accepted_at=accepted_at,
        customer=Customer(
            id=customer,
            external_id=visitor,
            name=cut(_read_text(sent.visitor.name), NAME_CHARACTERS),
            phone=whole_or_none(_read_text(sent.visitor.phone), NAME_CHARACTERS),
            email=whole_or_none(_read_text(sent.visitor.email), NAME_CHARACTERS),
            gender=cut(_read_text(sent.visitor.gender), DETAIL_CHARACTERS),
            location=cut(_read_text(sent.visitor.location), DETAIL_CHARACTERS),
            browser=cut(_read_text(sent.visitor.browser), DETAIL_CHARACTERS),
        ),
        conversation_id=message_thread_id(customer),
        message_id=message_id(page.organization, page.id, own_id),
        external_id=own_id,
        text=sent.message.text or None,
        attachments=tuple(
            _attachment(one) for one in (sent.message.attachments or ())[:ATTACHMENTS]
        ),
        visit=_visit(sent),
    )
    return ParsedEvent(
        event_id("livechat", account, own_id),
        customer_key(page.organization, page.id, visitor),
        event.conversation_id,
        account,
        event,
    )


def _seen(sent: wire.LivechatSeen, accepted_at: datetime, page: Page, account: str) -> ParsedEvent:
    visitor, own_id = str(sent.visitor.id), str(sent.event_id)
    customer = customer_id(page.organization, page.id, visitor)
    event = MessagesSeen(
        organization=page.organization,
        page_id=page.id,
        channel=Channel.LIVECHAT,
        occurred_at=_choose_time(sent.timestamp, accepted_at),
        accepted_at=accepted_at,
        customer=Customer(id=customer, external_id=visitor),
        conversation_id=message_thread_id(customer),
        watermark=_choose_time(sent.until, accepted_at),
    )
    return ParsedEvent(
        event_id("livechat", account, own_id),
        customer_key(page.organization, page.id, visitor),
        event.conversation_id,
        account,
        event,
    )


def _choose_time(stated: datetime | None, accepted_at: datetime) -> datetime:
    """The time that the site states; that of acceptance if it states none that can be right."""
    if stated is None:
        return accepted_at
    try:
        return believable(stated.astimezone(UTC), accepted_at)
    except OverflowError:  # before the year 1 or after 9999, in UTC
        return accepted_at


def _visit(sent: wire.LivechatBody) -> Visit | None:
    visit = Visit(
        page_url=page_address(_read_text(sent.page_url)),
        department=cut_chosen_id(_read_text(sent.department)),
        region=cut_chosen_id(_read_text(sent.region)),
    )
    return None if visit == Visit() else visit


def _attachment(attachment: wire.LivechatAttachment) -> Attachment:
    return Attachment(
        kind=attachment.type if attachment.type in _KINDS else _OTHER_KIND,
        url=whole_or_none(attachment.url, MEDIA_URL_CHARACTERS),
        title=cut(attachment.title, DETAIL_CHARACTERS),
        latitude=degrees(attachment.latitude),
        longitude=degrees(attachment.longitude),
    )


def _read_text(text: str | None) -> str | None:
    """The value of a field; None if it is empty or blank."""
    return (text or "").strip() or None
