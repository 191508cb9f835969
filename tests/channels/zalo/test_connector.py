"""Zalo's calls, and what their answers become."""

from typing import Any

import pytest

from channels.calling import ScriptedTransport, answer, order
from outbound.asking import picture, request
from tuyen_channels.calls import (
    AfterLost,
    CallSucceeded,
    ChannelRefusal,
    ExchangedTokens,
    HiddenToken,
    RefusalKind,
    RequestPart,
    UnsupportedRequestError,
)
from tuyen_channels.transport import AnswerLostError, HttpAnswer, NotSentError
from tuyen_channels.zalo.connector import ZaloConnector
from tuyen_events.outbound import OutboundAction

BASE, OAUTH = "https://openapi.example", "https://oauth.example"
SENT = answer({"data": {"message_id": "96d3"}, "error": 0, "message": "Success"})
TOKENS = answer({"access_token": "AT", "refresh_token": "RT", "expires_in": "90000"})
PDF = picture("b", kind="file", content_type="application/pdf")


def connect(*answers: HttpAnswer | Exception) -> tuple[Any, ScriptedTransport]:
    transport = ScriptedTransport(*answers)
    settings = {
        "zalo_api": BASE,
        "zalo_oauth": OAUTH + "/",
        "zalo_app_id": "360",
        "zalo_app_secret": "s3cret",
    }
    return ZaloConnector.open(settings, transport, transport), transport


async def test_i6_a_text_is_sent_and_may_quote() -> None:
    connector, transport = connect(SENT)
    asked = request("Dạ còn ạ", reply_to_external_id="11ab")
    assert await connector.call(order(connector, asked)) == CallSucceeded("96d3")
    (call,) = transport.calls
    assert (call.method, call.url) == ("POST", f"{BASE}/v3.0/oa/message/cs")
    assert call.headers == {"access_token": "page-token"}
    assert call.json == {
        "recipient": {"user_id": "670"},
        "message": {"text": "Dạ còn ạ", "quote_message_id": "11ab"},
    }


async def test_i6_a_visitor_without_an_account_is_answered_in_their_chat() -> None:
    connector, transport = connect(SENT)
    asked = request("Dạ", customer="anon-1", chat_external_id="c_1")
    assert await connector.call(order(connector, asked)) == CallSucceeded("96d3")
    (call,) = transport.calls
    assert call.url == f"{BASE}/v2.0/oa/message"
    assert call.json == {
        "recipient": {"anonymous_id": "anon-1", "conversation_id": "c_1"},
        "message": {"text": "Dạ"},
    }


async def test_i6_an_image_goes_with_the_text_and_a_file_by_itself() -> None:
    uploaded = answer({"data": {"attachment_id": "wESb" * 200}, "error": 0})
    stored = answer({"data": {"token": "12i8"}, "error": 0})
    connector, transport = connect(uploaded, SENT, stored, SENT)
    asked = request("Mẫu đây ạ", attachments=(picture(), PDF))
    assert connector.split(asked) == [
        RequestPart("Mẫu đây ạ", (picture(),), picture()),
        RequestPart(None, (PDF,), PDF),
    ]
    assert await connector.upload(order(connector, asked), b"png") == CallSucceeded("wESb" * 200)
    await connector.call(order(connector, asked, handle="wESb"))
    assert await connector.upload(order(connector, asked, 1), b"pdf") == CallSucceeded("12i8")
    await connector.call(order(connector, asked, 1, handle="12i8"))
    image, with_text, file, alone = transport.calls
    assert (image.url, file.url) == (
        f"{BASE}/v2.0/oa/upload/image",
        f"{BASE}/v2.0/oa/upload/file",
    )
    assert with_text.json["message"] == {  # type: ignore[index]  # it is JSON
        "text": "Mẫu đây ạ",
        "attachment": {
            "type": "template",
            "payload": {
                "template_type": "media",
                "elements": [{"media_type": "image", "attachment_id": "wESb"}],
            },
        },
    }
    assert alone.json["message"] == {  # type: ignore[index]  # it is JSON
        "attachment": {"type": "file", "payload": {"token": "12i8"}}
    }


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (request(action=OutboundAction.COMMENT), "not_supported"),
        (request(text=None), "not_supported"),
        (request(attachments=(picture(size=2 * 1024 * 1024),)), "file_refused"),
        (request(attachments=(picture(content_type="video/mp4"),)), "file_refused"),
    ],
)
def test_p5_what_zalo_cannot_do_is_refused_before_any_call(asked: Any, code: str) -> None:
    connector, _ = connect(SENT)
    with pytest.raises(UnsupportedRequestError) as refused:
        connector.split(asked)
    assert refused.value.code == code


async def test_p5_an_error_of_a_call_is_a_refusal() -> None:
    for given, kind in (
        (answer({"error": -230}), RefusalKind.PERMANENT),
        (AnswerLostError(), RefusalKind.LOST),
        (NotSentError(), RefusalKind.UNREACHABLE),
    ):
        connector, _ = connect(given)
        refusal = await connector.call(order(connector))
        assert isinstance(refusal, ChannelRefusal)
        assert refusal.kind is kind
    assert connector.after_lost(OutboundAction.SEND) is AfterLost.ECHO


async def test_p5_the_last_call_of_a_minute_asks_for_a_pause() -> None:
    connector, _ = connect(answer({"data": {"message_id": 5}, "error": 0}, x_ratelimit_remain="0"))
    done = await connector.call(order(connector))
    assert isinstance(done, CallSucceeded)
    assert done.pause is not None


async def test_p5_a_refresh_token_is_exchanged() -> None:
    connector, transport = connect(TOKENS)
    pair = await connector.refresh(HiddenToken("old"))
    assert pair == ExchangedTokens(HiddenToken("AT"), HiddenToken("RT"), 90000.0)
    (call,) = transport.calls
    assert (call.url, call.headers) == (
        f"{OAUTH}/v4/oa/access_token",
        {"secret_key": "s3cret"},
    )
    assert call.form == {
        "refresh_token": "old",
        "app_id": "360",
        "grant_type": "refresh_token",
    }


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (answer({"error_name": "Invalid refresh token", "error": -14014}), RefusalKind.DEAD_TOKEN),
        (answer({"access_token": None, "error": -14014}), RefusalKind.DEAD_TOKEN),
        (answer({"error_name": "Rate limit", "error": -32}), RefusalKind.TRANSIENT),
        (answer({"error_name": "Failed", "error": "-200"}), RefusalKind.TRANSIENT),
        (answer({}, 429), RefusalKind.TRANSIENT),
        (answer(b"<html>", 503), RefusalKind.TRANSIENT),
        (answer(b"<html>", 200), RefusalKind.LOST),
        (AnswerLostError(), RefusalKind.LOST),
        (NotSentError(), RefusalKind.UNREACHABLE),
    ],
)
async def test_p5_an_answer_without_an_access_token_is_an_error(
    given: HttpAnswer | Exception, kind: RefusalKind
) -> None:
    connector, _ = connect(given)
    refusal = await connector.refresh(HiddenToken("old"))
    assert isinstance(refusal, ChannelRefusal)
    assert refusal.kind is kind


@pytest.mark.parametrize(
    ("lasts", "seconds"),
    [
        ("3600", 3600),
        (3600, 3600),
        *((odd, 90_000) for odd in ("soon", "nan", "1e999", -5, None, True, [1], {"s": 1})),
        ("9" * 30, 365 * 24 * 3600),
    ],
)
async def test_p5_an_odd_lifetime_is_what_zalo_documents(lasts: object, seconds: float) -> None:
    """The pair is kept whatever it is: the refresh token that it was given for works no more."""
    given = {"access_token": "AT", "refresh_token": "RT", "expires_in": lasts}
    connector, _ = connect(answer(given))
    pair = await connector.refresh(HiddenToken("old"))
    assert isinstance(pair, ExchangedTokens)
    assert pair.lasts_s == seconds


async def test_p5_an_access_token_without_another_refresh_token_is_kept_all_the_same() -> None:
    connector, _ = connect(answer({"access_token": "AT", "expires_in": "90000"}))
    pair = await connector.refresh(HiddenToken("old"))
    assert pair == ExchangedTokens(HiddenToken("AT"), HiddenToken("old"), 90000.0)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"data": {"message_id": "m"}},
        {"error": 0},
        {"error": 0, "data": {"message_id": "x" * 999}},
    ],
)
async def test_p5_an_answer_that_names_no_message_leaves_open_what_became_of_it(said: Any) -> None:
    connector, _ = connect(answer(said))
    refusal = await connector.call(order(connector))
    assert isinstance(refusal, ChannelRefusal)
    assert refusal.kind is RefusalKind.LOST
