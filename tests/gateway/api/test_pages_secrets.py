"""P6: a recognizable secret goes through all that can be done with pages, and is searched in every
answer, record, log line and exception."""

import io
import logging
import sys
import traceback
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import structlog
from pydantic import SecretStr

from gateway.channels_twin import DEAD_TOKEN, SECRET, Answer
from gateway.jobs.job_rig import ScansTwin, run_gateway
from gateway.rig import Rig, User, records
from tuyen_events.topics import TOPICS
from tuyen_events.vocabulary import Channel
from tuyen_gateway.errors import GatewayError
from tuyen_gateway.jobs import subscription_check
from tuyen_platform import logging as platform_logging
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.page_credentials import AccountCredentials

MAIN, OA = "/v1/pages/main", "/v1/pages/oa"
BACK = {"redirect_uri": "https://inbox.example/back"}
CODE = f"{SECRET}-code"


class Output(io.TextIOWrapper):
    """Standard output, kept."""

    def __init__(self) -> None:
        self.kept = io.BytesIO()
        super().__init__(self.kept, encoding="utf-8", write_through=True)


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Iterator[Output]:
    """What a process logs, in the format of the product, the standard library's lines too."""
    output, root = Output(), logging.getLogger()
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setattr(platform_logging, "_lines", None)
    before, handlers, level = structlog.get_config(), root.handlers[:], root.level
    platform_logging.configure_logging("gateway", "json")
    structlog.configure(cache_logger_on_first_use=False)  # a cached one would outlive the test
    yield output
    structlog.configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
async def at_work(
    said: Output, log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> AsyncIterator[Rig]:
    async with run_gateway(log, clock, scans) as rig:
        yield rig


async def connect_everything(rig: Rig, boss: User) -> list[httpx.Response]:
    """Every way to give a secret, as it is meant and wrong, and every answer to it."""
    given = {"access_token": f"{SECRET}-a", "refresh_token": f"{SECRET}-r"}
    main = {"channel": "facebook", "external_id": "1001", "name": "Shop"}
    oa = {"channel": "zalo", "external_id": "2000", "name": "OA"}
    answers = [
        await boss.put(MAIN, {**main, "credentials": given}),
        await boss.put(OA, {**oa, "credentials": given}),
        await boss.put(MAIN, {**main, "credentials": {**given, SECRET: 1}}),
        await boss.put(MAIN, {**main, "credentials": {"access_token": [SECRET]}}),
        await boss.put(MAIN, {**main, "credentials": {"access_token": SECRET * 500}}),
        await boss.put(MAIN, {**main, "credentials": {"access_token": f"{SECRET} chủ"}}),
        await boss.put(MAIN, {**main, "credentials": SECRET}),
        await boss.put(MAIN, {**main, "connection": f"{SECRET}!"}),
        await boss.put(MAIN, {**main, "connection": SECRET}),
    ]
    for channel, page in (("facebook", main), ("zalo", oa)):
        begun = await boss.post(f"/v1/pages/connect/{channel}", BACK)
        state = begun.json()["state"]
        for code in ("wrong" + CODE, CODE):
            rig.channels.codes.add(CODE)
            body = {"code": code, "state": state}
            answers.append(await boss.post("/v1/pages/connect/callback", body))
        where = MAIN if page is main else OA
        answers.append(begun)
        answers.append(await boss.put(where, {**page, "connection": state}))
    return answers


async def meet_every_fault(rig: Rig, boss: User) -> list[httpx.Response]:
    main = {"channel": "facebook", "external_id": "1001", "name": "Shop"}
    answers = []
    faults: list[Answer] = [
        httpx.Response(400, json=DEAD_TOKEN),
        httpx.Response(400, json={"error": {"code": SECRET, "message": SECRET}}),
        httpx.Response(200, text=SECRET),
        httpx.Response(302, headers={"Location": f"https://elsewhere.test/{SECRET}"}),
        httpx.ConnectError(SECRET),
        httpx.InvalidURL(SECRET),
    ]
    for number, fault in enumerate(faults):
        rig.channels.faults.append(("/subscribed_apps", fault))
        body = {**main, "credentials": {"access_token": f"{SECRET}-{number}"}}
        answers.append(await boss.put(MAIN, body))
    organizations = rig.gateway.directory.organizations()
    rig.channels.faults.append(("/subscribed_apps", RuntimeError("unexpected")))
    await subscription_check.check_subscriptions(rig.gateway, organizations)
    for path in (MAIN, OA, "/v1/pages", "/v1/me", "/openapi.json"):
        answers.append(await boss.get(path))
    answers.append(await boss.delete(MAIN))
    answers.append(await boss.get(MAIN))
    return answers


async def test_p6_no_secret_of_a_page_is_in_an_answer_a_record_or_a_log_line(
    at_work: Rig, said: Output, log: InMemoryLog
) -> None:
    boss = await at_work.organization()
    answers = await connect_everything(at_work, boss)
    answers += await meet_every_fault(at_work, boss)
    assert len([answer for answer in answers if answer.is_success]) > 10
    # A name of a field that the caller made up is repeated to them; nothing else is.
    found = [answer.text for answer in answers if SECRET in answer.text.replace(f".{SECRET}", "")]
    assert found == []
    assert not any(SECRET in str(answer.headers) for answer in answers)
    secret = SECRET.encode()
    for topic in TOPICS.values():
        for record in await records(log, topic):
            whole = (record.key or b"", record.value or b"", str(record.headers).encode())
            assert not any(secret in part for part in whole), topic.name
    lines = said.kept.getvalue()
    for expected in (b"page_credentials_set", b"channel_refused", b"check_failed", b"Traceback"):
        assert expected in lines
    assert secret not in lines


async def test_p6_no_exception_shows_a_secret(rig: Rig) -> None:
    """Neither by itself nor with what led to it, wherever it would be printed."""
    facebook = rig.gateway.channels.subscriptions(Channel.FACEBOOK)
    assert facebook is not None
    credentials = AccountCredentials(access_token=SecretStr(SECRET))
    for fault in (
        httpx.ConnectError(SECRET),
        httpx.Response(400, json=DEAD_TOKEN),
        httpx.Response(200, text=SECRET),
    ):
        rig.channels.faults.append(("/subscribed_apps", fault))
        with pytest.raises(GatewayError) as raised:
            await facebook.add("1001", credentials)
        shown = "".join(traceback.format_exception(raised.value))
        assert SECRET not in shown + repr(raised.value)
        assert raised.value.__context__ is None
    assert SECRET not in repr(credentials) + str(credentials)
