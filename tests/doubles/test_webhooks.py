from doubles.callers import ACCOUNT, CUSTOMER, FOLLOWER, PAGE, update_of
from support.doubles import RunningDoubles


async def test_a_webhook_is_sent_again_until_ingest_takes_it(doubles: RunningDoubles) -> None:
    doubles.ingest.refusals = 2
    said = await doubles.say(channel="zalo", account=ACCOUNT, customer=FOLLOWER, text="Xin chào")
    assert said["delivered"] is True
    (event,) = await doubles.ingest.events(1)
    assert event["message"] == {"msg_id": said["id"], "text": "Xin chào"}
    assert doubles.ingest.retries == ["2"]


async def test_what_one_customer_writes_is_delivered_in_order(doubles: RunningDoubles) -> None:
    doubles.ingest.refusals = 1
    texts = [f"Tin {number}" for number in range(5)]
    for text in texts:
        await doubles.say(channel="facebook", account=PAGE, customer=CUSTOMER, text=text)
    events = await doubles.ingest.events(5)
    assert [update_of(event)["message"]["text"] for event in events] == texts
