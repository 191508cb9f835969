import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from doubles.callers import (
    CUSTOMER,
    PAGE,
    TOKEN,
    Json,
    change_of,
    comment,
    error_of,
    graph,
    send,
    update_of,
)
from support.doubles import APP_ID, RunningDoubles, running_doubles
from tuyen_platform.clock import ManualClock

HUMAN = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}


def manual_clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 29, 8, tzinfo=UTC))


async def test_a_text_is_answered_and_echoed_with_app_and_metadata(
    doubles: RunningDoubles,
) -> None:
    answer = await send(doubles, "Dạ còn ạ", message={"metadata": "reply-1"})
    sent = answer.json()
    assert answer.status_code == 200
    assert sent["recipient_id"] == CUSTOMER
    assert sent["message_id"].startswith("m_")
    update = update_of((await doubles.ingest.events(1))[0])
    assert update["sender"] == {"id": PAGE}
    assert update["recipient"] == {"id": CUSTOMER}
    assert update["message"] == {
        "mid": sent["message_id"],
        "text": "Dạ còn ạ",
        "is_echo": True,
        "app_id": int(APP_ID),
        "metadata": "reply-1",
    }


async def test_the_page_of_me_is_that_of_the_token(doubles: RunningDoubles) -> None:
    body = {"recipient": {"id": CUSTOMER}, "message": {"text": "Dạ"}}
    refused = await graph(doubles, "POST", "me/messages", token="unheard", json=body)
    assert error_of(refused) == (100, None)
    await send(doubles)
    for token in (TOKEN, f"double-facebook-page-{PAGE}-x"):
        assert (await graph(doubles, "POST", "me/messages", token=token, json=body)).is_success
    await doubles.say(channel="facebook", account=PAGE, customer=CUSTOMER, text="Hi")
    assert (await graph(doubles, "POST", "me/messages", token="unheard", json=body)).is_success
    assert {call["account"] for call in await doubles.calls()} == {None, PAGE}


async def test_p5_after_24_hours_only_a_person_may_write_and_after_7_days_nobody() -> None:
    clock = manual_clock()
    async with running_doubles(clock=clock) as doubles:
        await doubles.say(channel="facebook", account=PAGE, customer=CUSTOMER, text="Hi")
        clock.advance(timedelta(hours=24))
        assert (await send(doubles)).is_success
        clock.advance(timedelta(seconds=1))
        assert error_of(await send(doubles)) == (10, 2018278)
        assert (await send(doubles, **HUMAN)).is_success
        clock.advance(timedelta(days=6))
        assert error_of(await send(doubles, **HUMAN)) == (10, 2018278)


async def test_p5_the_window_is_counted_from_when_the_customer_wrote(
    doubles: RunningDoubles,
) -> None:
    at = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    await doubles.say(channel="facebook", account=PAGE, customer=CUSTOMER, text="Hi", at=at)
    assert error_of(await send(doubles)) == (10, 2018278)
    update = update_of((await doubles.ingest.events(1))[0])
    assert update["timestamp"] == int(datetime.fromisoformat(at).timestamp() * 1000)


async def test_p5_a_comment_opens_no_window(doubles: RunningDoubles) -> None:
    await comment(doubles)
    assert error_of(await send(doubles)) == (10, 2018278)


async def reply_privately(doubles: RunningDoubles, to: str) -> Any:
    body = {"recipient": {"comment_id": to}, "message": {"text": "Dạ 199k", "metadata": "r"}}
    return await graph(doubles, "POST", f"{PAGE}/messages", json=body)


async def test_one_private_reply_to_a_comment(doubles: RunningDoubles) -> None:
    root = await comment(doubles)
    answer = await reply_privately(doubles, root)
    assert answer.json()["recipient_id"] == CUSTOMER
    assert error_of(await reply_privately(doubles, root)) == (10900, None)
    echo = update_of((await doubles.ingest.events(2))[1])
    assert echo["recipient"] == {"id": CUSTOMER}
    assert echo["message"]["metadata"] == "r"
    first, _ = await doubles.calls(action="private_reply")
    assert (first["to"], first["text"], first["account"]) == (root, "Dạ 199k", PAGE)


async def test_a_comment_of_which_nothing_is_known_takes_one_private_reply_without_an_echo(
    doubles: RunningDoubles,
) -> None:
    assert (await reply_privately(doubles, "332_1")).is_success
    assert error_of(await reply_privately(doubles, "332_1")) == (10900, None)
    await send(doubles, "sau đó")
    (event,) = await doubles.ingest.events(1)
    assert update_of(event)["message"]["text"] == "sau đó"


async def test_no_private_reply_to_old_removed_or_own_comments() -> None:
    clock = manual_clock()
    async with running_doubles(clock=clock) as doubles:
        old, removed = await comment(doubles), await comment(doubles)
        own = (await graph(doubles, "POST", f"{old}/comments", json={"message": "Dạ"})).json()
        await graph(doubles, "DELETE", removed)
        clock.advance(timedelta(days=8))
        for identifier in (old, removed, own["id"]):
            answer = await reply_privately(doubles, identifier)
            assert error_of(answer) == (100, 2018292)


async def test_a_file_is_uploaded_sent_by_its_id_and_served_again(
    doubles: RunningDoubles,
) -> None:
    attachment = {"attachment": {"type": "image", "payload": {"is_reusable": True}}}
    uploaded = await graph(
        doubles,
        "POST",
        f"{PAGE}/message_attachments",
        data={"message": _dump(attachment)},
        files={"filedata": ("a.png", b"png", "image/png")},
    )
    payload = {"attachment_id": uploaded.json()["attachment_id"]}
    body = {
        "recipient": {"id": CUSTOMER},
        "message": {"attachment": {"type": "image", "payload": payload}},
    }
    assert (await graph(doubles, "POST", f"{PAGE}/messages", json=body)).is_success
    (event,) = await doubles.ingest.events(1)
    (sent,) = update_of(event)["message"]["attachments"]
    assert sent["type"] == "image"
    served = await doubles.client.get(sent["payload"]["url"])
    assert (served.content, served.headers["content-type"]) == (b"png", "image/png")
    (call,) = await doubles.calls(action="upload")
    assert call["body"]["filedata"] == {"name": "a.png", "content_type": "image/png", "size": 3}


async def test_a_file_can_come_with_its_message_or_be_an_address(doubles: RunningDoubles) -> None:
    fields = {"recipient": _dump({"id": CUSTOMER}), "message": _dump(_attachment("file"))}
    file = {"filedata": ("a.pdf", b"%PDF", "application/pdf")}
    assert (await graph(doubles, "POST", f"{PAGE}/messages", data=fields, files=file)).is_success
    body = {
        "recipient": {"id": CUSTOMER},
        "message": _attachment("video", url="https://a.example/1.mp4"),
    }
    assert (await graph(doubles, "POST", f"{PAGE}/messages", json=body)).is_success
    events = await doubles.ingest.events(2)
    kinds = [update_of(event)["message"]["attachments"][0]["type"] for event in events]
    assert kinds == ["file", "video"]


@pytest.mark.parametrize("part", [("a.png", b"png", None), ("a.txt", b"text", "text/plain")])
async def test_a_file_of_no_or_another_type_is_refused(doubles: RunningDoubles, part: Any) -> None:
    boundary, (name, content, kind) = "b", part
    typed = "" if kind is None else f"Content-Type: {kind}\r\n"
    lines = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="message"\r\n\r\n',
        _dump(_attachment("image")),
        f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="filedata"; ',
        f'filename="{name}"\r\n{typed}\r\n{content.decode()}\r\n--{boundary}--\r\n',
    ]
    answer = await graph(
        doubles,
        "POST",
        f"{PAGE}/message_attachments",
        content="".join(lines).encode(),
        headers={"Content-Type": f"multipart/form-data; boundary={boundary}"},
    )
    assert error_of(answer) == (100, 2018047)


@pytest.mark.parametrize(
    "changed",
    [
        {"recipient": {}},
        {"message": {}},
        {"message": {"text": "a" * 2001}},
        {"message": {"text": ""}},
        {"message": {"text": 1}},
        {"message": {"text": "a", "metadata": "m" * 1001}},
        {"message": {"attachment": "x"}},
        {"message": {"attachment": {"type": "hologram", "payload": {"url": "https://a"}}}},
        {"message": {"attachment": {"type": "image", "payload": {"url": "file:///etc"}}}},
        {"message": {"attachment": {"type": "image", "payload": {"attachment_id": "1"}}}},
        {"message": {"attachment": {"type": "image"}}},
        {"messaging_type": "SHOUT"},
        {"messaging_type": "MESSAGE_TAG"},
        {"tag": "HUMAN_AGENT"},
    ],
)
async def test_what_messenger_does_not_take_is_refused(
    doubles: RunningDoubles, changed: Json
) -> None:
    body = {"recipient": {"id": CUSTOMER}, "message": {"text": "Dạ"}, **changed}
    answer = await graph(doubles, "POST", f"{PAGE}/messages", json=body)
    assert error_of(answer)[0] == 100


async def test_showing_that_one_writes_is_no_message(doubles: RunningDoubles) -> None:
    body = {"recipient": {"id": CUSTOMER}, "sender_action": "typing_on"}
    answer = await graph(doubles, "POST", f"{PAGE}/messages", json=body)
    assert answer.json() == {"recipient_id": CUSTOMER}
    assert await doubles.calls() == []
    assert len(await doubles.calls(action="presence")) == 1


async def test_p5d_a_thread_can_be_taken_over(doubles: RunningDoubles) -> None:
    body = {"recipient": {"id": CUSTOMER}}
    taken = await graph(doubles, "POST", f"{PAGE}/take_thread_control", json=body)
    assert taken.json() == {"success": True}
    assert await doubles.calls() == []
    (call,) = await doubles.calls(action="take_over")
    assert (call["account"], call["to"]) == (PAGE, CUSTOMER)
    nobody = await graph(doubles, "POST", f"{PAGE}/take_thread_control", json={})
    assert error_of(nobody)[0] == 100


async def test_a_quoted_message_is_named_in_the_echo(doubles: RunningDoubles) -> None:
    await send(doubles, reply_to={"mid": "m_1"})
    (event,) = await doubles.ingest.events(1)
    assert update_of(event)["message"]["reply_to"] == {"mid": "m_1"}


async def test_echoes_of_a_page_that_did_not_subscribe_to_them_do_not_come(
    doubles: RunningDoubles,
) -> None:
    fields = {"subscribed_fields": "messages,feed"}
    await graph(doubles, "POST", f"{PAGE}/subscribed_apps", params=fields)
    await send(doubles)
    await comment(doubles, "sau đó")
    (event,) = await doubles.ingest.events(1)
    assert change_of(event)["message"] == "sau đó"


def _attachment(kind: str, **payload: Any) -> Json:
    return {"attachment": {"type": kind, "payload": payload}}


def _dump(value: Json) -> str:
    return json.dumps(value)
