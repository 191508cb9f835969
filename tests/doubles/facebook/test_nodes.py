from doubles.callers import CUSTOMER, PAGE, change_of, comment, error_of, graph
from support.doubles import APP_ID, RunningDoubles


async def test_a_page_is_subscribed_and_unsubscribed(doubles: RunningDoubles) -> None:
    path = f"{PAGE}/subscribed_apps"
    assert (await graph(doubles, "GET", path)).json() == {"data": []}
    fields = {"subscribed_fields": "messages,feed"}
    assert (await graph(doubles, "POST", path, data=fields)).json() == {"success": True}
    (app,) = (await graph(doubles, "GET", path)).json()["data"]
    assert (app["id"], app["subscribed_fields"]) == (APP_ID, ["messages", "feed"])
    assert (await graph(doubles, "DELETE", path)).json() == {"success": True}
    assert (await graph(doubles, "GET", path)).json() == {"data": []}
    calls = await doubles.calls()
    assert [(call["action"], call["account"]) for call in calls] == [
        ("subscribe", PAGE),
        ("unsubscribe", PAGE),
    ]
    assert error_of(await graph(doubles, "POST", path)) == (100, None)


async def test_an_unsubscribed_page_gets_no_events(doubles: RunningDoubles) -> None:
    await graph(doubles, "DELETE", f"{PAGE}/subscribed_apps")
    said = await doubles.say(channel="facebook", account=PAGE, customer=CUSTOMER, text="Hi")
    assert said["delivered"] is False
    await graph(
        doubles, "POST", f"{PAGE}/subscribed_apps", json={"subscribed_fields": ["messages"]}
    )
    said = await doubles.say(channel="facebook", account=PAGE, customer=CUSTOMER, text="Hi")
    assert said["delivered"] is True
    assert len(doubles.ingest.received) == 1


async def test_a_customers_profile(doubles: RunningDoubles) -> None:
    await graph(doubles, "POST", f"{PAGE}/subscribed_apps", json={"subscribed_fields": "messages"})
    name = "Nguyễn Văn A"
    await doubles.say(channel="facebook", account=PAGE, customer=CUSTOMER, text="Hi", name=name)
    profile = (await graph(doubles, "GET", CUSTOMER)).json()
    assert (profile["last_name"], profile["first_name"]) == ("Nguyễn", "Văn A")
    assert (await doubles.client.get(profile["profile_pic"])).headers["content-type"] == "image/png"
    read = await graph(doubles, "GET", CUSTOMER, params={"fields": "name"})
    assert read.json() == {"id": CUSTOMER, "name": name}
    assert error_of(await graph(doubles, "GET", "6700000000000002")) == (100, 33)
    assert [call["action"] for call in await doubles.calls()] == [
        "subscribe",
        "profile",
        "profile",
        "profile",
    ]


async def test_a_post_is_what_a_test_says_it_is(doubles: RunningDoubles) -> None:
    said = {"account": PAGE, "post": "332", "text": "Sale", "picture": "https://cdn/1.jpg"}
    answer = await doubles.client.put("/_double/posts", json={**said, "live_status": "LIVE"})
    assert answer.json() == {"post_id": f"{PAGE}_332"}
    fields = {"fields": "message,full_picture,status_type,attachments{media_type,target{id}}"}
    post = (await graph(doubles, "GET", f"{PAGE}_332", params=fields)).json()
    assert (post["message"], post["full_picture"]) == ("Sale", "https://cdn/1.jpg")
    assert post["status_type"] == "added_video"
    (attached,) = post["attachments"]["data"]
    video = attached["target"]["id"]
    read = {"fields": "live_status"}
    status = (await graph(doubles, "GET", video, params=read)).json()
    assert status == {"id": video, "live_status": "LIVE"}
    said = {"account": PAGE, "post": "332", "live_status": "NONE"}
    await doubles.client.put("/_double/posts", json=said)
    assert (await graph(doubles, "GET", video, params=read)).json() == {"id": video}
    await comment(doubles, post="332")
    (webhook,) = doubles.ingest.received
    assert change_of(webhook)["post"]["status_type"] == "added_video"


async def test_a_post_is_read(doubles: RunningDoubles) -> None:
    await comment(doubles)
    post = f"{PAGE}_332029982914750"
    read = await graph(doubles, "GET", post, params={"fields": "permalink_url,created_time"})
    assert read.json()["permalink_url"].endswith("/posts/332029982914750")
    assert read.json()["id"] == post
