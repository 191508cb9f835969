"""A customer's window: what is written there reaches ingest, and answers are shown in it."""

from http import HTTPStatus

from support.doubles import RunningDoubles

WINDOW = "/customer/facebook/105"


async def test_what_a_customer_writes_is_sent_and_shown_beside_the_answer(
    doubles: RunningDoubles,
) -> None:
    form = {"customer": "67", "name": "Vĩnh", "text": "Còn size <b>42</b> không?"}
    answer = await doubles.client.post(WINDOW, data=form)
    assert answer.status_code == HTTPStatus.SEE_OTHER

    [body] = await doubles.ingest.events(1)
    [message] = body["entry"][0]["messaging"]
    assert (message["sender"]["id"], message["message"]["text"]) == ("67", form["text"])

    path = "/graph.facebook.com/v24.0/105/messages"
    reply = {"recipient": {"id": "67"}, "messaging_type": "RESPONSE", "message": {"text": "Dạ còn"}}
    sent = await doubles.client.post(path, params={"access_token": "any"}, json=reply)
    assert sent.is_success
    thread = (await doubles.client.get(f"{WINDOW}/thread", params={"customer": "67"})).text
    assert thread.index("Còn size &lt;b&gt;42") < thread.index("Dạ còn")
    other = (await doubles.client.get(f"{WINDOW}/thread", params={"customer": "68"})).text
    assert "<ol></ol>" in other


async def test_a_window_runs_nothing_and_nothing_breaks_out(doubles: RunningDoubles) -> None:
    odd = await doubles.client.get(WINDOW, params={"customer": '"><b>', "name": '"><b>'})
    assert "<b>" not in odd.text
    policy = odd.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    missing = await doubles.client.get("/customer/none/105")
    assert missing.status_code == HTTPStatus.NOT_FOUND
