from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from doubles.callers import ACCOUNT, FOLLOWER, TOKEN, Json, send_zalo, zalo
from support.doubles import RunningDoubles, running_doubles
from tuyen_platform.clock import ManualClock

OWN = f"double-zalo-{ACCOUNT}-mine"


async def say(doubles: RunningDoubles, account: str = ACCOUNT, **more: Any) -> str:
    said = {"channel": "zalo", "account": account, "customer": FOLLOWER, "text": "Xin chào"}
    return str((await doubles.say(**{**said, **more}))["id"])


async def upload(doubles: RunningDoubles, kind: str, *part: Any) -> Json:
    return await zalo(
        doubles, "POST", f"v2.0/oa/upload/{kind}", token=OWN, files={"file": tuple(part)}
    )


async def test_a_text_is_answered_and_echoed_by_the_account(doubles: RunningDoubles) -> None:
    await say(doubles)
    answer = await send_zalo(doubles)
    assert (answer["error"], answer["message"]) == (0, "Success")
    data = answer["data"]
    assert (data["user_id"], data["quota"]["quota_type"]) == (FOLLOWER, "reply")
    echo = (await doubles.ingest.events(2))[1]
    assert echo["event_name"] == "oa_send_text"
    assert echo["sender"] == {"id": ACCOUNT}
    assert echo["recipient"] == {"id": FOLLOWER}
    assert echo["message"] == {"msg_id": data["message_id"], "text": "Dạ còn ạ"}
    (call,) = await doubles.calls(channel="zalo")
    assert (call["account"], call["action"], call["to"]) == (ACCOUNT, "send", FOLLOWER)


async def test_the_account_is_that_of_the_token_or_whom_the_customer_wrote_to(
    doubles: RunningDoubles,
) -> None:
    other = "388000000000000002"
    await send_zalo(doubles)
    await say(doubles)
    await send_zalo(doubles)
    await say(doubles, other)
    await send_zalo(doubles)
    await send_zalo(doubles, token=f"double-zalo-{other}")
    calls = await doubles.calls()
    assert [call["account"] for call in calls] == [None, ACCOUNT, ACCOUNT, other]


async def test_an_unknown_account_has_no_echo(doubles: RunningDoubles) -> None:
    assert (await send_zalo(doubles))["error"] == 0
    await say(doubles)
    (event,) = await doubles.ingest.events(1)
    assert event["event_name"] == "user_send_text"


async def test_a_visitor_without_an_account_is_answered_in_their_chat(
    doubles: RunningDoubles,
) -> None:
    recipient = {"anonymous_id": "anon-1", "conversation_id": "c_1"}
    body = {"recipient": recipient, "message": {"text": "Dạ"}}
    answer = await zalo(doubles, "POST", "v2.0/oa/message", token=OWN, json=body)
    assert (answer["error"], answer["data"]["user_id"]) == (0, "anon-1")
    (echo,) = await doubles.ingest.events(1)
    assert (echo["event_name"], echo["recipient"]) == ("oa_send_anonymous_text", {"id": "anon-1"})
    assert echo["message"]["conversation_id"] == "c_1"
    (call,) = await doubles.calls()
    assert (call["account"], call["action"], call["to"]) == (ACCOUNT, "send", "anon-1")


async def test_p5_free_for_48_hours_billed_until_7_days_then_refused() -> None:
    clock = ManualClock(datetime(2026, 11, 29, tzinfo=UTC))
    async with running_doubles(clock=clock) as doubles:
        await say(doubles)
        clock.advance(timedelta(hours=48))
        assert "quota" in (await send_zalo(doubles))["data"]
        clock.advance(timedelta(minutes=1))
        assert "quota" not in (await send_zalo(doubles))["data"]
        clock.advance(timedelta(days=5))
        assert (await send_zalo(doubles))["error"] == -230


async def test_a_reply_may_name_the_message_and_quote_one(doubles: RunningDoubles) -> None:
    message = await say(doubles)
    body = {
        "recipient": {"message_id": message},
        "message": {"text": "Dạ", "quote_message_id": message},
    }
    answer = await zalo(doubles, "POST", "v3.0/oa/message/cs", json=body)
    assert answer["data"]["user_id"] == FOLLOWER
    echo = (await doubles.ingest.events(2))[1]
    assert echo["message"]["quote_msg_id"] == message


async def test_an_image_is_uploaded_and_sent(doubles: RunningDoubles) -> None:
    uploaded = await upload(doubles, "image", "a.png", b"png", "image/png")
    identifier = uploaded["data"]["attachment_id"]
    elements = [{"media_type": "image", "attachment_id": identifier}]
    payload = {"template_type": "media", "elements": elements}
    attachment = {"type": "template", "payload": payload}
    answer = await send_zalo(doubles, "Mẫu này ạ", token=OWN, attachment=attachment)
    assert answer["error"] == 0
    (echo,) = await doubles.ingest.events(1)
    assert (echo["event_name"], echo["message"]["text"]) == ("oa_send_image", "Mẫu này ạ")
    url = echo["message"]["attachments"][0]["payload"]["url"]
    assert (await doubles.client.get(url)).content == b"png"
    assert [call["account"] for call in await doubles.calls(action="upload")] == [ACCOUNT]


async def test_a_file_that_is_uploaded_first_of_all_is_of_the_account_that_was_written_to(
    doubles: RunningDoubles,
) -> None:
    await say(doubles)
    files = {"file": ("a.png", b"png", "image/png")}
    await zalo(doubles, "POST", "v2.0/oa/upload/image", token="new", files=files)
    assert [call["account"] for call in await doubles.calls(action="upload")] == [ACCOUNT]


async def test_a_file_is_uploaded_and_sent_without_text(doubles: RunningDoubles) -> None:
    uploaded = await upload(doubles, "file", "gia.pdf", b"%PDF", "application/pdf")
    payload = {"token": uploaded["data"]["token"]}
    attachment = {"type": "file", "payload": payload}
    assert (await send_zalo(doubles, None, token=OWN, attachment=attachment))["error"] == 0
    (echo,) = await doubles.ingest.events(1)
    assert echo["event_name"] == "oa_send_file"
    assert echo["message"]["attachments"][0]["payload"]["name"] == "gia.pdf"


async def test_what_was_uploaded_dies_after_7_days() -> None:
    clock = ManualClock(datetime(2026, 11, 29, tzinfo=UTC))
    async with running_doubles(clock=clock) as doubles:
        uploaded = await upload(doubles, "gif", "a.gif", b"gif", "image/gif")
        element = {"media_type": "gif", "attachment_id": uploaded["data"]["attachment_id"]}
        payload = {"template_type": "media", "elements": [element]}
        attachment = {"type": "template", "payload": payload}
        clock.advance(timedelta(days=7))
        token = f"double-zalo-{ACCOUNT}-other"
        assert (await send_zalo(doubles, None, token=token, attachment=attachment))["error"] == 0
        clock.advance(timedelta(seconds=1))
        answer = await send_zalo(doubles, None, token=token, attachment=attachment)
        assert answer["error"] == -100


@pytest.mark.parametrize(
    ("kind", "part"),
    [
        ("image", ("a.gif", b"gif", "image/gif")),
        ("image", ("a.png", b"p" * (1024 * 1024 + 1), "image/png")),
        ("file", ("a.exe", b"MZ", "application/octet-stream")),
    ],
)
async def test_what_zalo_does_not_store_is_refused(
    doubles: RunningDoubles, kind: str, part: Any
) -> None:
    assert (await upload(doubles, kind, *part))["error"] < 0


@pytest.mark.parametrize(
    ("text", "message", "code"),
    [
        (None, {}, -201),
        ("a" * 2001, {}, -210),
        (None, {"attachment": "x"}, -201),
        (None, {"attachment": {"type": "file", "payload": {"token": "unknown"}}}, -201),
        (None, {"attachment": {"type": "template", "payload": {"template_type": "x"}}}, -201),
    ],
)
async def test_what_zalo_does_not_take_is_refused(
    doubles: RunningDoubles, text: str | None, message: Json, code: int
) -> None:
    assert (await send_zalo(doubles, text, **message))["error"] == code


async def test_a_message_goes_to_somebody_and_with_a_token(doubles: RunningDoubles) -> None:
    body = {"recipient": {}, "message": {"text": "Dạ"}}
    assert (await zalo(doubles, "POST", "v3.0/oa/message/cs", json=body))["error"] == -201
    answer = await zalo(doubles, "POST", "v3.0/oa/message/cs", token=None, json=body)
    assert answer["error"] == -216
    answer = await zalo(doubles, "POST", "v2.0/oa/unknown", json=body)
    assert answer["error"] == -404


async def test_a_reaction_to_a_message(doubles: RunningDoubles) -> None:
    message = await say(doubles)
    action = {"react_icon": "/-heart", "react_message_id": message}
    body = {"recipient": {"user_id": FOLLOWER}, "sender_action": action}
    assert (await zalo(doubles, "POST", "v2.0/oa/message", json=body))["error"] == 0
    (call,) = await doubles.calls()
    assert (call["action"], call["to"], call["text"]) == ("like", message, "/-heart")


async def test_a_customers_profile(doubles: RunningDoubles) -> None:
    await say(doubles, name="Nguyễn Văn A")
    data = {"data": f'{{"user_id": "{FOLLOWER}"}}'}
    answer = await zalo(doubles, "GET", "v3.0/oa/user/detail", params=data)
    assert answer["data"]["display_name"] == "Nguyễn Văn A"
    assert answer["data"]["user_is_follower"] is True
    unknown = {"data": '{"user_id": "1"}'}
    answer = await zalo(doubles, "GET", "v3.0/oa/user/detail", params=unknown)
    assert answer["error"] == -201


async def test_the_account_of_a_token(doubles: RunningDoubles) -> None:
    assert (await zalo(doubles, "GET", "v2.0/oa/getoa", token=OWN))["data"]["oa_id"] == ACCOUNT
    assert "oa_id" not in (await zalo(doubles, "GET", "v2.0/oa/getoa", token=TOKEN))["data"]
