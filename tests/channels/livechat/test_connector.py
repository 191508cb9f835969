"""L5: signed deliveries to a site's own chat."""

import hmac
import json
from typing import Any

import pytest

from channels.calling import ScriptedTransport, answer, order
from outbound.asking import picture, request
from tuyen_channels.calls import (
    AfterLost,
    CallSucceeded,
    ChannelRefusal,
    RefusalKind,
    UnsupportedRequestError,
)
from tuyen_channels.livechat.connector import LivechatConnector
from tuyen_channels.transport import (
    AnswerLostError,
    ForbiddenAddressError,
    HttpAnswer,
    NotSentError,
)
from tuyen_events.outbound import OutboundAction

URL = "https://shop.example/replies"


def connect(*answers: HttpAnswer | Exception) -> tuple[Any, ScriptedTransport]:
    guarded = ScriptedTransport(*answers)
    return LivechatConnector.open({}, ScriptedTransport(answer({})), guarded), guarded


async def test_l5_a_reply_is_delivered_signed_as_the_site_signs() -> None:
    connector, transport = connect(answer({}, 204))
    asked = request("Dạ còn ạ", customer="v-17", attachments=(picture(),))
    given = order(connector, asked, reply_url=URL, links={"att_a": "https://x/a.png"})
    assert await connector.call(given) == CallSucceeded()
    (call,) = transport.calls
    assert call.content is not None
    expected = hmac.new(b"page-token", call.content, "sha256").hexdigest()
    assert call.headers["X-Signature-256"] == f"sha256={expected}"
    body = json.loads(call.content)
    assert (body["type"], body["visitor_id"]) == ("message", "v-17")
    assert body["timestamp"] == "2026-11-21T08:00:00.000Z"
    assert body["message"] == {
        "id": asked.message_id,
        "text": "Dạ còn ạ",
        "attachments": [
            {
                "type": "image",
                "url": "https://x/a.png",
                "title": "a.png",
                "content_type": "image/png",
                "size": 3,
            }
        ],
        "agent": {"name": "Lan"},
    }


async def test_l5_a_repeated_delivery_is_the_same() -> None:
    connector, transport = connect(answer({}))
    for _ in range(2):
        await connector.call(order(connector, reply_url=URL))
    first, second = transport.calls
    assert first == second
    assert connector.after_lost(OutboundAction.SEND) is AfterLost.REPEAT


async def test_l4_a_page_without_an_address_has_its_replies_in_the_log() -> None:
    connector, transport = connect(answer({}))
    assert await connector.call(order(connector)) == CallSucceeded()
    assert transport.calls == []


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer({}, 500), RefusalKind.TRANSIENT),
        (answer({}, 408), RefusalKind.TRANSIENT),
        (answer({}, 301), RefusalKind.PERMANENT),
        (answer({}, 400), RefusalKind.PERMANENT),
        (answer({}, 404), RefusalKind.PERMANENT),
        (answer({}, 429, retry_after="7"), RefusalKind.THROTTLED),
        (AnswerLostError(), RefusalKind.TRANSIENT),
        (NotSentError(), RefusalKind.UNREACHABLE),
        (ForbiddenAddressError(), RefusalKind.PERMANENT),
    ],
)
async def test_l5_other_answers_are_refusals(
    given: HttpAnswer | Exception, kind: RefusalKind
) -> None:
    connector, _ = connect(given)
    refusal = await connector.call(order(connector, reply_url=URL))
    assert isinstance(refusal, ChannelRefusal)
    assert refusal.kind is kind
    if kind is RefusalKind.THROTTLED:
        assert refusal.pause is not None
        assert refusal.pause.seconds == 7


def test_l5_a_site_takes_messages_only() -> None:
    connector, _ = connect(answer({}))
    with pytest.raises(UnsupportedRequestError):
        connector.split(request(action=OutboundAction.HIDE))
