"""Facebook's calls, and what their answers become."""

import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from channels.calling import TOKEN, ScriptedTransport, answer, order
from outbound.asking import ACCOUNT, MOMENT, comment, picture, request
from tuyen_channels.calls import (
    AfterLost,
    BegunCall,
    CallSucceeded,
    ChannelRefusal,
    RefusalKind,
    RequestPart,
    UnsupportedRequestError,
)
from tuyen_channels.facebook.connector import FacebookConnector
from tuyen_channels.transport import AnswerLostError, HttpAnswer, NotSentError
from tuyen_events.outbound import OutboundAction

BASE = "https://graph.example/v24.0"
SENT = answer({"recipient_id": "670", "message_id": "mid_1"})
MADE = answer({"id": "333_9"})
SUCCESS = answer({"success": True})


def connect(*answers: HttpAnswer | Exception, secret: str = "") -> tuple[Any, ScriptedTransport]:
    transport = ScriptedTransport(*answers)
    settings = {"facebook_api": BASE + "/", "facebook_app_secret": secret}
    return FacebookConnector.open(settings, transport, transport), transport


async def test_i6_a_text_is_sent_with_our_id() -> None:
    connector, transport = connect(SENT)
    assert await connector.call(order(connector, request("Dạ còn ạ"))) == CallSucceeded("mid_1")
    (call,) = transport.calls
    assert (call.method, call.url) == ("POST", f"{BASE}/{ACCOUNT}/messages")
    assert (call.query, call.headers) == ({}, {"Authorization": "Bearer page-token"})
    assert call.json == {
        "messaging_type": "RESPONSE",
        "recipient": {"id": "670"},
        "message": {"text": "Dạ còn ạ", "metadata": "key-Dạ còn ạ"},
    }


@pytest.mark.parametrize("hostile", ["..", ".", "../../me", "x?y=1", "x#y", "%2e%2e"])
async def test_p5_no_id_leads_a_call_elsewhere(hostile: str) -> None:
    """Nor does that of an account, which whoever connects a page chooses."""
    connector, transport = connect(*[SUCCESS] * 9)
    given = request("Dạ", target_external_id=hostile)
    for action in OutboundAction:
        asked = msgspec.structs.replace(given, action=action)
        await connector.call(order(connector, asked, account=hostile))
    begun = BegunCall(order(connector, given, account=hostile), MOMENT, lambda _: False)
    await connector.look(begun)
    assert len(transport.calls) == len(OutboundAction) + 1
    for call in transport.calls:
        path = httpx.URL(call.url).raw_path.decode()
        assert path.startswith("/v24.0/")
        assert path.count("/") in (2, 3)


async def test_p6_a_call_is_proved_with_the_apps_secret() -> None:
    connector, transport = connect(SENT, secret="s3cret")
    await connector.call(order(connector))
    expected = hmac.new(b"s3cret", TOKEN.reveal().encode(), "sha256").hexdigest()
    assert transport.calls[0].query["appsecret_proof"] == expected


async def test_p6_the_token_is_in_no_address() -> None:
    """Addresses are in the logs of proxies, which may not see what is in headers."""
    connector, transport = connect(TAKEN)
    given = request("Dạ", target_external_id="333_1")
    for action in OutboundAction:
        await connector.call(order(connector, msgspec.structs.replace(given, action=action)))
    await connector.look(BegunCall(order(connector, given), MOMENT, lambda _: False))
    asked = request(text=None, attachments=(picture(),))
    await connector.upload(order(connector, asked), b"png")
    assert len(transport.calls) > len(OutboundAction) + 2  # a taken thread is taken over
    for call in transport.calls:
        assert TOKEN.reveal() not in f"{call.url} {dict(call.query)}"
        assert call.headers["Authorization"] == f"Bearer {TOKEN.reveal()}"


async def test_p5_outside_the_window_a_persons_answer_is_tagged() -> None:
    connector, transport = connect(SENT)
    await connector.call(order(connector, request(human_agent=True)))
    sent = transport.calls[0].json
    assert isinstance(sent, dict)
    assert (sent["messaging_type"], sent["tag"]) == ("MESSAGE_TAG", "HUMAN_AGENT")


TAKEN = answer({"error": {"code": 10, "error_subcode": 2018300}}, 400)
NOT_ALLOWED = answer({"error": {"code": 200, "message": "(#200) Permissions error"}}, 400)
DEAD = answer({"error": {"code": 190}}, 400)


async def test_p5d_a_thread_that_another_app_has_is_taken_over() -> None:
    connector, transport = connect(TAKEN, SUCCESS, SENT)
    refused = await connector.call(order(connector))
    assert (refused.kind, refused.code) == (RefusalKind.TRANSIENT, "thread_taken")
    assert not refused.is_doubtful
    takeover = transport.calls[1]
    assert takeover.url == f"{BASE}/{ACCOUNT}/take_thread_control"
    assert takeover.json == {"recipient": {"id": "670"}}
    assert await connector.call(order(connector)) == CallSucceeded("mid_1")


@pytest.mark.parametrize(
    ("answered", "kind", "code"),
    [
        (NOT_ALLOWED, RefusalKind.PERMANENT, "thread_taken"),
        (TAKEN, RefusalKind.PERMANENT, "thread_taken"),
        (AnswerLostError("cut"), RefusalKind.TRANSIENT, "thread_taken"),
        (NotSentError("no"), RefusalKind.UNREACHABLE, "channel_unavailable"),
        (DEAD, RefusalKind.DEAD_TOKEN, "token_dead"),
    ],
)
async def test_p5d_a_thread_that_cannot_be_taken_over_says_why(
    answered: Any, kind: RefusalKind, code: str
) -> None:
    connector, _ = connect(TAKEN, answered)
    refused = await connector.call(order(connector))
    assert isinstance(refused, ChannelRefusal)
    assert (refused.kind, refused.code) == (kind, code)
    assert not refused.is_doubtful


async def test_i8_a_private_reply_names_the_comment() -> None:
    connector, transport = connect(SENT)
    asked = request(action=OutboundAction.PRIVATE_REPLY, target_external_id="333_1")
    assert await connector.call(order(connector, asked)) == CallSucceeded("mid_1")
    assert transport.calls[0].json == {
        "recipient": {"comment_id": "333_1"},
        "message": {"text": "1", "metadata": "key-1"},
    }


async def test_p5d_a_private_reply_to_a_visitors_post_names_the_post() -> None:
    connector, transport = connect(SENT)
    asked = request(
        action=OutboundAction.PRIVATE_REPLY, target_external_id="1_333", post_external_id="1_333"
    )
    assert await connector.call(order(connector, asked)) == CallSucceeded("mid_1")
    sent = transport.calls[0].json
    assert isinstance(sent, dict)
    assert sent["recipient"] == {"post_id": "1_333"}


async def test_i6_a_file_is_uploaded_and_then_sent() -> None:
    connector, transport = connect(answer({"attachment_id": "185"}), SENT)
    asked = request("x", text=None, attachments=(picture(),))
    uploaded = await connector.upload(order(connector, asked), b"png")
    assert uploaded == CallSucceeded("185")
    assert await connector.call(order(connector, asked, handle="185")) == CallSucceeded("mid_1")
    upload, send = transport.calls
    assert upload.url == f"{BASE}/{ACCOUNT}/message_attachments"
    assert upload.file is not None
    assert upload.file[:3] == ("filedata", "a.png", "image/png")
    assert send.json["message"]["attachment"] == {  # type: ignore[index]  # it is JSON
        "type": "image",
        "payload": {"attachment_id": "185"},
    }


async def test_i8_a_comments_picture_is_uploaded_as_an_unpublished_photo() -> None:
    connector, transport = connect(answer({"id": "777"}), MADE)
    asked = comment(attachments=(picture(),))
    assert await connector.upload(order(connector, asked), b"png") == CallSucceeded("777")
    assert await connector.call(order(connector, asked, handle="777")) == CallSucceeded("333_9")
    upload, made = transport.calls
    assert (upload.url, upload.form) == (f"{BASE}/{ACCOUNT}/photos", {"published": "false"})
    assert made.form == {"message": "1", "attachment_id": "777"}


CHANGES = [
    (OutboundAction.HIDE, "POST", "", {"is_hidden": "true"}),
    (OutboundAction.UNHIDE, "POST", "", {"is_hidden": "false"}),
    (OutboundAction.LIKE, "POST", "/likes", {}),
    (OutboundAction.UNLIKE, "DELETE", "/likes", None),
    (OutboundAction.EDIT, "POST", "", {"message": "1"}),
    (OutboundAction.DELETE, "DELETE", "", None),
]


@pytest.mark.parametrize(("action", "method", "below", "form"), CHANGES)
async def test_i8_a_comment_is_changed(
    action: OutboundAction, method: str, below: str, form: dict[str, str] | None
) -> None:
    connector, transport = connect(SUCCESS)
    assert await connector.call(order(connector, comment(action=action))) == CallSucceeded()
    (call,) = transport.calls
    assert (call.method, call.url, call.form) == (method, f"{BASE}/333_1{below}", form)


@pytest.mark.parametrize(
    ("action", "is_done"),
    [
        (OutboundAction.HIDE, True),
        (OutboundAction.DELETE, True),
        (OutboundAction.UNLIKE, True),
        (OutboundAction.UNHIDE, False),
        (OutboundAction.LIKE, False),
        (OutboundAction.EDIT, False),
        (OutboundAction.COMMENT, False),
    ],
)
async def test_i8_what_does_not_exist_needs_no_hiding(
    action: OutboundAction, is_done: bool
) -> None:
    gone = answer({"error": {"code": 100, "error_subcode": 33}}, 400)
    connector, _ = connect(gone)
    result = await connector.call(order(connector, comment(action=action)))
    assert isinstance(result, CallSucceeded) is is_done


async def test_i8_a_reply_to_a_comment_is_a_comment() -> None:
    connector, transport = connect(MADE)
    assert await connector.call(order(connector, comment())) == CallSucceeded("333_9")
    (call,) = transport.calls
    assert (call.url, call.form) == (f"{BASE}/333_1/comments", {"message": "1"})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NotSentError(), RefusalKind.UNREACHABLE),
        (AnswerLostError(), RefusalKind.LOST),
    ],
)
async def test_p5_it_matters_whether_a_call_was_sent(error: Exception, kind: RefusalKind) -> None:
    connector, _ = connect(error)
    result = await connector.call(order(connector))
    assert isinstance(result, ChannelRefusal)
    assert result.kind is kind


def test_i6_a_long_text_is_several_messages_and_each_file_is_one() -> None:
    connector, _ = connect(SENT)
    words = "xin chào " * 500
    parts = connector.split(request(text=words, attachments=(picture("a"), picture("b"))))
    assert [len(part.text or "") <= 2000 for part in parts] == [True] * 5
    assert " ".join(part.text for part in parts[:3]) == words.strip()
    assert [part.upload and part.upload.name for part in parts[3:]] == ["a.png", "b.png"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (request(action=OutboundAction("wave")), "not_supported"),
        (request(action=OutboundAction.EDIT, text=None), "not_supported"),
        (comment(text=None), "not_supported"),
        (comment(attachments=(picture(kind="video"),)), "file_refused"),
        (request(attachments=(picture(kind="hologram"),)), "file_refused"),
        (
            request(action=OutboundAction.PRIVATE_REPLY, attachments=(picture(),)),
            "not_supported",
        ),
        (request(action=OutboundAction.PRIVATE_REPLY, text="a" * 2001), "not_supported"),
    ],
)
def test_p5_what_facebook_cannot_do_is_refused_before_any_call(asked: Any, code: str) -> None:
    connector, _ = connect(SENT)
    with pytest.raises(UnsupportedRequestError) as refused:
        connector.split(asked)
    assert refused.value.code == code


def test_i6_a_request_without_content_has_no_part() -> None:
    connector, _ = connect(SENT)
    assert connector.split(comment(text="a", attachments=(picture(), picture("b")))) == [
        RequestPart("a", (picture(),), picture()),
        RequestPart(None, (picture("b"),), picture("b")),
    ]


@pytest.mark.parametrize(
    ("action", "how"),
    [
        (OutboundAction.SEND, AfterLost.ECHO),
        (OutboundAction.PRIVATE_REPLY, AfterLost.ECHO),
        (OutboundAction.COMMENT, AfterLost.LOOK),
        (OutboundAction.HIDE, AfterLost.REPEAT),
        (OutboundAction.DELETE, AfterLost.REPEAT),
    ],
)
def test_p5_what_is_done_if_the_answer_is_lost(action: OutboundAction, how: AfterLost) -> None:
    assert connect(SENT)[0].after_lost(action) is how


def reply(**given: Any) -> dict[str, Any]:
    fields = {
        "id": "333_9",
        "message": "1",
        "from": {"id": ACCOUNT},
        "created_time": MOMENT.strftime("%Y-%m-%dT%H:%M:%S+0000"),
    }
    return fields | given


OLD = (MOMENT - timedelta(minutes=6)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ([reply()], CallSucceeded("333_9")),
        ([reply(id="333_2", message="2"), reply()], CallSucceeded("333_9")),
        ([reply(**{"from": {"id": "670"}})], None),
        ([reply(created_time=OLD)], None),
        ([reply(created_time="yesterday")], None),
        ([], None),
    ],
)
async def test_p5_a_reply_is_looked_for_below_its_comment(
    listed: list[Any], found: CallSucceeded | None
) -> None:
    connector, transport = connect(answer({"data": listed}))
    begun = BegunCall(order(connector, comment()), MOMENT)
    assert await connector.look(begun) == found
    (call,) = transport.calls
    assert (call.method, call.url) == ("GET", f"{BASE}/333_1/comments")


async def test_p5_a_reply_that_another_call_made_is_not_taken_for_this_one() -> None:
    connector, _ = connect(answer({"data": [reply(id="333_8"), reply()]}))
    begun = BegunCall(order(connector, comment()), MOMENT, lambda made: made == "333_8")
    assert await connector.look(begun) == CallSucceeded("333_9")


async def test_p5_a_look_that_fails_says_nothing_of_the_reply() -> None:
    for failed in (answer({"error": {"code": 2}}, 500), answer(b"{", 200), NotSentError()):
        connector, _ = connect(failed)
        found = await connector.look(BegunCall(order(connector, comment()), datetime.now(UTC)))
        assert isinstance(found, ChannelRefusal)


async def test_p5_a_call_that_nearly_uses_up_the_limit_asks_for_a_pause() -> None:
    connector, _ = connect(answer({"message_id": "m"}, x_app_usage='{"call_count": 95}'))
    done = await connector.call(order(connector))
    assert isinstance(done, CallSucceeded)
    assert done.pause is not None


def test_p5_media_and_private_replies_have_limits_of_their_own() -> None:
    connector, _ = connect(SENT)
    names = {limit.name for limit in connector.limits(OutboundAction.SEND, RequestPart("x"))}
    media = {
        limit.name
        for limit in connector.limits(OutboundAction.SEND, RequestPart(None, (picture(),)))
    }
    private = connector.limits(OutboundAction.PRIVATE_REPLY, RequestPart("x"))
    assert (names, media) == ({"app", "messages"}, {"app", "messages", "media"})
    assert min(limit.rate_s for limit in private) == pytest.approx(750 / 3600)


@pytest.mark.parametrize(
    "said", [{}, {"message_id": None}, {"message_id": "m" * 5_000}, {"message_id": "a\0b"}]
)
async def test_p5_an_answer_that_names_no_message_leaves_open_what_became_of_it(said: Any) -> None:
    """Its next part would otherwise be proved by the echo of this one."""
    connector, _ = connect(answer(said))
    refusal = await connector.call(order(connector))
    assert isinstance(refusal, ChannelRefusal)
    assert refusal.kind is RefusalKind.LOST


async def test_p5_an_id_may_be_a_number() -> None:
    connector, _ = connect(answer({"id": 333}))
    assert await connector.call(order(connector, comment())) == CallSucceeded("333")


async def test_i8_what_did_not_succeed_is_not_done() -> None:
    connector, _ = connect(answer({"success": False}))
    result = await connector.call(order(connector, comment(action=OutboundAction.HIDE)))
    assert isinstance(result, ChannelRefusal)
    assert result.kind is RefusalKind.PERMANENT


async def test_p6_an_id_is_one_part_of_the_address_whatever_is_in_it() -> None:
    connector, transport = connect(SUCCESS)
    asked = comment(action=OutboundAction.DELETE, target_external_id="../me?fields=#1")
    await connector.call(order(connector, asked))
    assert transport.calls[0].url == f"{BASE}/..%2Fme%3Ffields%3D%231"


async def test_p5_a_reply_without_an_author_hides_no_other_one() -> None:
    odd = {"id": 5, "from": None, "message": None, "created_time": None}
    connector, _ = connect(answer({"data": [odd, reply()]}))
    assert await connector.look(BegunCall(order(connector, comment()), MOMENT)) == CallSucceeded(
        "333_9"
    )
