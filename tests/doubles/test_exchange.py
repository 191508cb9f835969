import asyncio
import time

import httpx
import pytest

from doubles.callers import (
    ACCOUNT,
    CUSTOMER,
    PAGE,
    TOKEN,
    error_of,
    graph,
    send,
    send_zalo,
    update_of,
)
from support.doubles import RunningDoubles


async def test_a_call_and_its_answer_are_recorded(doubles: RunningDoubles) -> None:
    answer = await send(doubles, message={"metadata": "reply-1"})
    (call,) = await doubles.calls(channel="facebook")
    assert (call["seq"], call["account"], call["action"]) == (1, PAGE, "send")
    assert (call["to"], call["text"]) == (CUSTOMER, "Dạ còn ạ")
    assert call["body"]["message"] == {"text": "Dạ còn ạ", "metadata": "reply-1"}
    assert call["answered"] == {"status": 200, "body": answer.json()}
    assert call["at"].endswith("Z")


async def test_a_token_is_recorded_by_its_digest_alone(doubles: RunningDoubles) -> None:
    for token in (TOKEN, TOKEN, "another"):
        await send(doubles, token=token)
    calls = await doubles.calls()
    first, second, third = (call["token"] for call in calls)
    assert first == second != third
    assert TOKEN not in str(calls)


async def test_a_fault_replaces_the_next_answers_and_nothing_is_carried_out(
    doubles: RunningDoubles,
) -> None:
    limit = {"error": {"message": "(#613) Calls", "type": "OAuthException", "code": 613}}
    usage = {"X-App-Usage": '{"call_count": 100}'}
    fault = {"channel": "facebook", "action": "send", "times": 2, "status": 400, "body": limit}
    await doubles.fault(**fault, headers=usage)
    answers = [await send(doubles) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [400, 400, 200]
    assert answers[0].json() == limit
    assert answers[0].headers["X-App-Usage"] == usage["X-App-Usage"]
    assert len(await doubles.ingest.events(1)) == 1
    recorded = [call["answered"]["status"] for call in await doubles.calls()]
    assert recorded == [400, 400, 200]


async def test_p5_a_dropped_answer_is_carried_out_and_the_connection_is_cut(
    doubles: RunningDoubles,
) -> None:
    await doubles.fault(channel="facebook", status=500, body={}, drop_answer=True, times=1)
    with pytest.raises(httpx.TransportError):
        await send(doubles, "Có ạ", message={"metadata": "reply-1"})
    (call,) = await doubles.calls()
    assert call["answered"]["status"] == 200
    assert call["answered"]["dropped"] is True
    (event,) = await doubles.ingest.events(1)
    echo = update_of(event)["message"]
    assert echo["mid"] == call["answered"]["body"]["message_id"]
    assert echo["metadata"] == "reply-1"
    assert (await send(doubles)).status_code == 200


async def test_p5_a_call_can_be_carried_out_and_answered_with_an_error(
    doubles: RunningDoubles,
) -> None:
    error = {"error": {"message": "An unknown error has occurred.", "code": 1}}
    await doubles.fault(channel="facebook", status=500, body=error, carry_out=True)
    answer = await send(doubles, "Có ạ")
    assert (answer.status_code, answer.json()) == (500, error)
    (call,) = await doubles.calls()
    assert call["answered"] == {"status": 500, "body": error, "carried_out": True}
    (event,) = await doubles.ingest.events(1)
    assert update_of(event)["message"]["text"] == "Có ạ"


async def test_p5_what_the_channel_refuses_is_refused_in_spite_of_a_fault(
    doubles: RunningDoubles,
) -> None:
    await doubles.token(channel="facebook", token=TOKEN, revoked=True)
    await doubles.fault(channel="facebook", status=500, body={}, carry_out=True)
    assert error_of(await send(doubles)) == (190, 463)
    (call,) = await doubles.calls()
    assert "carried_out" not in call["answered"]


async def test_an_echo_can_be_kept_back(doubles: RunningDoubles) -> None:
    await doubles.fault(channel="facebook", drop_echo=True, times=1)
    await send(doubles, "không vọng lại")
    await send(doubles, "vọng lại")
    (event,) = await doubles.ingest.events(1)
    assert update_of(event)["message"]["text"] == "vọng lại"


async def test_a_delayed_call_is_carried_out_before_it_is_answered(
    doubles: RunningDoubles,
) -> None:
    await doubles.fault(channel="zalo", delay_ms=400)
    started = time.monotonic()
    sending = asyncio.create_task(send_zalo(doubles, token=f"double-zalo-{ACCOUNT}"))
    await doubles.ingest.events(1)
    assert not sending.done()
    assert (await sending)["error"] == 0
    assert time.monotonic() - started >= 0.4


async def test_a_fault_may_answer_what_is_no_json(doubles: RunningDoubles) -> None:
    await doubles.fault(channel="facebook", status=502, body="<h1>Bad Gateway</h1>")
    answer = await send(doubles)
    assert (answer.status_code, answer.text) == (502, "<h1>Bad Gateway</h1>")
    await doubles.fault(channel="facebook", status=204)
    assert (await send(doubles)).status_code == 204


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[1]"])
async def test_a_body_that_cannot_be_read_is_refused(
    doubles: RunningDoubles, content: bytes
) -> None:
    answer = await graph(doubles, "POST", f"{PAGE}/messages", content=content)
    assert answer.json()["error"]["code"] == 100


async def test_text_that_no_encoding_takes_is_no_trouble(doubles: RunningDoubles) -> None:
    raw = f'{{"recipient": {{"id": "{CUSTOMER}"}}, "message": {{"text": "\\ud83d"}}}}'
    answer = await graph(doubles, "POST", f"{PAGE}/messages", content=raw)
    assert answer.status_code == 200
    assert (await doubles.calls())[0]["text"] == "\ud83d"
    assert update_of((await doubles.ingest.events(1))[0])["message"]["text"] == "\ud83d"
