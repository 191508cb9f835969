import hashlib
import hmac

import pytest

from doubles.callers import CUSTOMER, PAGE, TOKEN, error_of, graph
from support.doubles import APP_SECRET, RunningDoubles


@pytest.mark.parametrize("version", ["", "v24.0/", "v9/"])
async def test_a_path_may_have_a_version(doubles: RunningDoubles, version: str) -> None:
    address = f"{doubles.facebook_api}/{version}{PAGE}"
    answer = await doubles.client.get(address, params={"access_token": TOKEN})
    assert answer.status_code in (200, 400)
    assert (await doubles.calls()) or (await doubles.calls(action="read"))


async def test_a_token_is_a_parameter_or_a_bearers(doubles: RunningDoubles) -> None:
    body = {"recipient": {"id": CUSTOMER}, "message": {"text": "Dạ"}}
    path = f"{PAGE}/messages"
    assert error_of(await graph(doubles, "POST", path, token=None, json=body)) == (104, None)
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    answer = await graph(doubles, "POST", path, token=None, json=body, headers=bearer)
    assert answer.is_success
    answer = await graph(doubles, "POST", path, token=None, json={**body, "access_token": TOKEN})
    assert answer.is_success
    digests = {call["token"] for call in (await doubles.calls())[1:]}
    assert len(digests) == 1


async def test_a_proof_is_checked_if_there_is_one(doubles: RunningDoubles) -> None:
    body = {"recipient": {"id": CUSTOMER}, "message": {"text": "Dạ"}}
    proof = hmac.new(APP_SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
    for given, accepted in ((proof, True), ("wrong", False), ("sai ạ", False)):
        answer = await graph(
            doubles, "POST", f"{PAGE}/messages", json=body, params={"appsecret_proof": given}
        )
        assert answer.is_success is accepted


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("GET", "a/b/c"), ("POST", f"{PAGE}/dance"), ("DELETE", f"{PAGE}/messages")],
)
async def test_an_unknown_path_is_refused(doubles: RunningDoubles, method: str, path: str) -> None:
    assert error_of(await graph(doubles, method, path)) == (2500, None)
