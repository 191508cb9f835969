from typing import Any

import pytest

from doubles.callers import (
    ACCOUNT,
    CUSTOMER,
    FOLLOWER,
    PAGE,
    TOKEN,
    change_of,
    error_of,
    send,
    send_zalo,
    update_of,
)
from support.doubles import RunningDoubles


async def test_p5_a_customers_message_is_a_signed_webhook(doubles: RunningDoubles) -> None:
    said = await doubles.say(
        channel="facebook", account=PAGE, customer=CUSTOMER, text="Còn size M/L không ạ?"
    )
    (body,) = await doubles.ingest.events(1)
    update = update_of(body)
    assert update["sender"] == {"id": CUSTOMER}
    assert update["recipient"] == {"id": PAGE}
    assert update["message"] == {"mid": said["id"], "text": "Còn size M/L không ạ?"}
    assert said["delivered"] is True


async def test_p5_a_customers_comment_and_a_reply_to_it_are_changes_of_the_feed(
    doubles: RunningDoubles,
) -> None:
    common = {"channel": "facebook", "account": PAGE, "customer": CUSTOMER}
    root = await doubles.say(**common, name="Nguyễn Văn A", text="Giá?", post="332")
    reply = await doubles.say(**common, text="Ship không?", parent=root["id"])
    first, second = map(change_of, await doubles.ingest.events(2))
    assert first["from"] == {"id": CUSTOMER, "name": "Nguyễn Văn A"}
    assert (first["item"], first["verb"], first["message"]) == ("comment", "add", "Giá?")
    assert first["post_id"] == first["parent_id"] == root["post_id"] == f"{PAGE}_332"
    assert first["comment_id"] == root["id"]
    assert root["id"].startswith("332_")
    assert (second["comment_id"], second["parent_id"]) == (reply["id"], root["id"])
    assert second["post_id"] == f"{PAGE}_332"


async def test_p5_a_zalo_customers_message_is_a_signed_webhook(doubles: RunningDoubles) -> None:
    said = await doubles.say(
        channel="zalo",
        account=ACCOUNT,
        customer=FOLLOWER,
        text="Xin chào",
        attachments=[{"type": "image", "url": "https://a.example/1.jpg"}],
    )
    (event,) = await doubles.ingest.events(1)
    assert event["event_name"] == "user_send_image"
    assert (event["sender"], event["recipient"]) == ({"id": FOLLOWER}, {"id": ACCOUNT})
    assert event["message"]["msg_id"] == said["id"]
    assert event["message"]["attachments"][0]["payload"]["url"] == "https://a.example/1.jpg"
    assert isinstance(event["timestamp"], str)


@pytest.mark.parametrize(
    "said",
    [
        {"channel": "livechat", "account": "1", "customer": "c", "text": "a"},
        {"channel": "zalo", "account": "1", "customer": "c", "text": "a", "post": "1"},
        {"channel": "facebook", "account": "1", "customer": "c"},
        {"channel": "facebook", "account": "", "customer": "c", "text": "a"},
        {"channel": "facebook", "account": "1", "customer": "c", "text": "a", "unknown": 1},
        {"channel": "facebook", "account": "1", "customer": "c", "text": "a", "at": "2026-11-29"},
    ],
)
async def test_what_cannot_be_said_is_refused(doubles: RunningDoubles, said: Any) -> None:
    answer = await doubles.client.post("/_double/say", json=said)
    assert answer.status_code == 422
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "fault",
    [
        {"channel": "facebook"},
        {"channel": "facebook", "carry_out": True},
        {"channel": "facebook", "status": 100},
        {"channel": "facebook", "status": 500, "times": 0},
        {"channel": "facebook", "status": 500, "action": "dance"},
        {"channel": "facebook", "headers": {"a b": "c"}},
        {"channel": "facebook", "headers": {"a": "b\r\nc: d"}},
    ],
)
async def test_what_is_no_fault_is_refused(doubles: RunningDoubles, fault: Any) -> None:
    assert (await doubles.client.put("/_double/faults", json=fault)).status_code == 422


async def test_faults_are_listed_and_switched_off(doubles: RunningDoubles) -> None:
    await doubles.fault(channel="facebook", action="send", status=500, body={}, times=3)
    await send(doubles)
    (fault,) = (await doubles.client.get("/_double/faults")).json()["items"]
    assert (fault["action"], fault["status"], fault["left"]) == ("send", 500, 2)
    await doubles.clear_faults()
    assert (await doubles.client.get("/_double/faults")).json()["items"] == []
    assert (await send(doubles)).status_code == 200


async def test_the_newest_calls_are_found_by_number(doubles: RunningDoubles) -> None:
    await send(doubles, "một")
    last = (await doubles.client.get("/_double/calls")).json()["last"]
    await send(doubles, "hai")
    assert [call["text"] for call in await doubles.calls(after=last)] == ["hai"]
    assert await doubles.calls(channel="zalo") == []
    assert await doubles.calls(action="comment") == []


async def test_a_token_that_a_caller_chose_dies_when_told_so(doubles: RunningDoubles) -> None:
    await doubles.token(channel="facebook", token=TOKEN, revoked=True)
    assert error_of(await send(doubles)) == (190, 463)
    await doubles.token(channel="facebook", token=TOKEN)
    assert (await send(doubles)).status_code == 200
    await doubles.token(channel="zalo", token=TOKEN, account=ACCOUNT, expires_in_s=0)
    assert (await send_zalo(doubles))["error"] == -216
    wrong = {"channel": "facebook", "kind": "refresh", "token": "t"}
    assert (await doubles.client.put("/_double/tokens", json=wrong)).status_code == 422


async def test_receipts_of_both_channels(doubles: RunningDoubles) -> None:
    await send(doubles)
    await doubles.receipt(channel="facebook", account=PAGE, customer=CUSTOMER, kind="delivered")
    await doubles.receipt(channel="facebook", account=PAGE, customer=CUSTOMER, kind="seen")
    _, delivered, seen = map(update_of, await doubles.ingest.events(3))
    assert delivered["delivery"]["watermark"] > 0
    assert seen["read"]["watermark"] > 0
    assert delivered["sender"] == seen["sender"] == {"id": CUSTOMER}
    sent = await send_zalo(doubles, token=f"double-zalo-{ACCOUNT}")
    await doubles.receipt(channel="zalo", account=ACCOUNT, customer=FOLLOWER, kind="seen")
    event = (await doubles.ingest.events(5))[-1]
    assert event["event_name"] == "user_seen_message"
    assert event["message"] == {"msg_ids": [sent["data"]["message_id"]]}
    assert event["sender"] == {"id": ACCOUNT}
