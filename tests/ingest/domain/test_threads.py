"""L4: what a visitor sees of their thread, and what not."""

from datetime import timedelta

import msgspec

from ingest.thread_events import (
    AT,
    THREAD,
    assigned,
    at_second,
    own_picture,
    replied,
    settled,
    wrote,
)
from tuyen_events.event import Event
from tuyen_events.ids import MessageId, OrganizationId, PageId
from tuyen_events.media import attachment_url
from tuyen_events.outbound import OutboundAction, OutboundOutcome
from tuyen_events.visitor_limits import VISITOR_TEXT_CHARACTERS
from tuyen_events.vocabulary import Channel
from tuyen_ingest.domain.threads import (
    AssigneeChanged,
    MessageWritten,
    ReplyRequested,
    ReplySent,
    ShownMessage,
    ThreadChange,
    ThreadView,
    VisitorThread,
    changes_of,
    find_last_agent,
    find_seen_until,
)
from tuyen_ingest.domain.visitors import derive_picture_id


def test_l4_what_is_seen_is_what_was_sent_by_then() -> None:
    own = ShownMessage(id=MessageId("m_1"), at=AT, own=True)
    reply = ShownMessage(id=MessageId("m_2"), at=AT, own=False, sent_at=at_second(5))
    old = ShownMessage(id=MessageId("m_3"), at=AT, own=False)
    millisecond = timedelta(milliseconds=1)
    for seen, until in (
        ("m_1", None),
        ("m_2", at_second(5) + millisecond),
        ("m_3", AT + millisecond),
        ("m_4", None),
    ):
        assert find_seen_until((own, reply, old), MessageId(seen)) == until


def changes(event: Event, *, widget: bool = True) -> list[ThreadChange]:
    def has_widget(_organization: OrganizationId, _page: PageId) -> bool:
        return widget

    return list(changes_of(event, has_widget))


def message_of(event: Event) -> ShownMessage:
    (change,) = changes(event)
    assert isinstance(change, MessageWritten | ReplyRequested)
    assert change.thread == THREAD
    return change.message


def test_l4_a_visitor_sees_what_they_wrote() -> None:
    shown = message_of(wrote(1, at=2.0005))
    assert (shown.own, shown.text, shown.agent) == (True, "hỏi 1", None)
    assert shown.at.microsecond == 0
    long = message_of(wrote(1, text="x" * 9_000))
    assert long.text is not None
    assert len(long.text) == VISITOR_TEXT_CHARACTERS


def test_l4_of_the_own_attachments_only_the_picture_that_the_widget_sent_is_shown() -> None:
    event = wrote(1)
    picture = derive_picture_id(event.message_id)
    (file,) = message_of(own_picture(1, attachment_url(picture))).files
    assert (file.id, file.kind, file.name) == (picture, "image", "giay.png")
    for url in (attachment_url("att_of_somebody"), "https://elsewhere.example/1.png"):
        assert message_of(own_picture(1, url)).files == ()


def test_l4_a_reply_has_the_agents_name_and_its_files() -> None:
    shown = message_of(replied(1))
    assert (shown.own, shown.text, shown.agent) == (False, "dạ 1", "Lan")
    assert [(file.id, file.name) for file in shown.files] == [("att_1", "gia.png")]


def test_l4_a_reply_is_shown_once_it_was_sent() -> None:
    request = replied(1)
    assert changes(settled(request)) == [
        ReplySent(THREAD, request.message_id, settled(request).at),
    ]
    for outcome in (OutboundOutcome.FAILED, OutboundOutcome.UNKNOWN, OutboundOutcome.CANCELLED):
        assert changes(settled(request, outcome)) == []


def test_l4_other_channels_and_actions_are_not_shown() -> None:
    assert changes(wrote(1, channel=Channel.ZALO)) == []
    assert changes(replied(1, channel=Channel.FACEBOOK)) == []
    assert changes(replied(1, action=OutboundAction.PRIVATE_REPLY)) == []


def test_l4_who_is_in_charge_of_a_sites_thread() -> None:
    (change,) = changes(assigned("lan", 3))
    assert isinstance(change, AssigneeChanged)
    assert (change.thread, change.agent, change.version) == (THREAD, "lan", 3)
    assert changes(assigned("lan", 3), widget=False) == []


def test_l4_the_version_represents_all_that_is_shown() -> None:
    message = message_of(wrote(1))
    view = ThreadView(online=True, typing=False, agent=None, messages=(message,))
    others = [
        msgspec.structs.replace(view, online=False),
        msgspec.structs.replace(view, typing=True),
        msgspec.structs.replace(view, agent="Lan"),
        msgspec.structs.replace(view, messages=()),
    ]
    assert len({view.version, *(other.version for other in others)}) == 5
    assert msgspec.structs.replace(view, messages=(message_of(wrote(1)),)).version == view.version


def test_l4_without_an_assignee_the_last_one_who_replied_answers() -> None:
    messages = (
        message_of(replied(1)),
        message_of(replied(2, by_name="Minh")),
        message_of(wrote(3)),
    )
    assert find_last_agent(VisitorThread(messages=messages)) == "Minh"
    assert find_last_agent(VisitorThread()) is None
