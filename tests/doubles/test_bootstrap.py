from doubles.callers import PAGE
from support.doubles import RunningDoubles


async def test_the_doubles_are_ready_at_once(doubles: RunningDoubles) -> None:
    for path in ("/livez", "/readyz"):
        assert (await doubles.client.get(path)).json() == {"status": "ok"}


async def test_a_call_to_the_wrong_host_finds_nothing(doubles: RunningDoubles) -> None:
    for base in (doubles.facebook_dialog, doubles.url):
        assert (await doubles.client.get(f"{base}/v24.0/{PAGE}")).status_code == 404
    answer = await doubles.client.post(f"{doubles.zalo_api}/v4/oa/access_token")
    assert answer.json()["error"] != 0
    answer = await doubles.client.post(f"{doubles.zalo_oauth}/v3.0/oa/message/cs")
    assert answer.json()["error"] == -404
