"""The service as a process, on a real Kafka and MongoDB, against the channel doubles: killed while
a call is under way."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import SecretStr

from outbound.asking import ACCOUNT, SHOP, comment, envelope_of, place_of, request
from outbound.rig import page
from support.channel_samples import CREDENTIALS
from support.doubles import APP_SECRET, RunningDoubles, running_doubles
from support.organizations import directory_record, profile
from support.processes import eventually
from tuyen_events.codec import decode
from tuyen_events.outbound import OutboundAction, OutboundRequested, OutboundSettled
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topics import DIRECTORY, TOPICS
from tuyen_events.vocabulary import Channel
from tuyen_ingest.bootstrap import compose
from tuyen_ingest.settings import IngestSettings
from tuyen_local.addresses import free_ports
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.topics import ensure_topics
from tuyen_platform.page_credentials import (
    AccountCredentials,
    PageCredentials,
    name_account,
)
from tuyen_platform.settings import LOCAL_SECRETS_KEY

PATIENCE_S = 90.0
Json = dict[str, Any]


@dataclass
class Outside:
    """What the service talks to, and a way to start it."""

    log: KafkaLog
    doubles: RunningDoubles
    environment: dict[str, str]
    directory: Path

    async def ask(self, *requested: OutboundRequested) -> None:
        for each in requested:
            envelope, partition = envelope_of(each), place_of(each)
            await self.log.append(OUTBOUND, each.conversation_id, envelope, partition=partition)

    async def outcomes(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        async with self.log.tail(OUTBOUND_RESULTS) as tail:
            async for batch in tail.batches():
                for record in (record for records in batch.values() for record in records):
                    event = decode(record.headers, record.value or b"").data
                    assert isinstance(event, OutboundSettled)
                    found.setdefault(event.request_id, []).append(event.outcome.value)
                if tail.is_caught_up:
                    return found
        return found

    async def wait_for(self, *requested: OutboundRequested) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}

        async def all_settled() -> bool:
            found.clear()
            found.update(await self.outcomes())
            return {each.request_id for each in requested} <= found.keys()

        await eventually(all_settled, lambda: f"settled: {found}", PATIENCE_S)
        return found

    @asynccontextmanager
    async def process(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """One process of the service, which is ready."""
        (port,) = free_ports(1)
        with (self.directory / f"outbound-{port}.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "tuyen_outbound",
                env={**os.environ, **self.environment, "TUYEN_PORT": str(port)},
                stdout=log,
                stderr=log,
            )
        try:
            await eventually(lambda: _is_ready(port), lambda: "not ready", PATIENCE_S)
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()


async def _is_ready(port: int) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/readyz")).is_success
        except httpx.TransportError:
            return False


@asynccontextmanager
async def _ingest(log: KafkaLog) -> AsyncIterator[str]:
    """The address of an ingest that runs in this process."""
    credentials = {**CREDENTIALS, "facebook_app_secret": APP_SECRET}
    settings = IngestSettings(
        kafka="unused",
        secrets_key=SecretStr(LOCAL_SECRETS_KEY),
        local=True,
        credentials={name: SecretStr(value) for name, value in credentials.items()},
    )
    ingest = compose(settings, log, SystemClock())
    (port,) = free_ports(1)
    config = uvicorn.Config(ingest.app, port=port, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    tasks = [asyncio.create_task(table.run()) for table in ingest.tables]
    tasks.append(asyncio.create_task(server._serve()))
    try:
        await eventually(
            lambda: _started(server, ingest.health.problems()), lambda: "ingest", PATIENCE_S
        )
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await tasks.pop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _started(server: uvicorn.Server, problems: object) -> bool:
    return server.started and not problems


@pytest.fixture
async def outside(
    kafka: str, topic_prefix: str, mongodb: str, database: str, tmp_path: Path
) -> AsyncIterator[Outside]:
    await ensure_topics(kafka, topic_prefix, 1, TOPICS.values())
    async with KafkaLog(kafka, topic_prefix) as log:
        await log.append(DIRECTORY, *directory_record(profile(organization=SHOP)))
        await log.append(DIRECTORY, *directory_record(page()))
        account = name_account(SHOP, Channel.FACEBOOK, ACCOUNT)
        credentials = AccountCredentials(access_token=SecretStr("a-token-that-the-test-chose"))
        keys = PageCredentials(SecretStr(LOCAL_SECRETS_KEY))
        await log.append_all([keys.set_record(account, credentials)])
        async with _ingest(log) as url, running_doubles(ingest_url=url) as doubles:
            environment = {
                "KAFKA": kafka,
                "TOPIC_PREFIX": topic_prefix,
                "MONGODB": mongodb,
                "DATABASE": database,
                "LOCAL": "1",
                "FACEBOOK_API": doubles.facebook_api,
                "FACEBOOK_APP_SECRET": APP_SECRET,
                "CALL_WITHIN_S": "5",
                "SETTLE_WITHIN_S": "6",
            }
            named = {f"TUYEN_{name}": value for name, value in environment.items()}
            yield Outside(log, doubles, named, tmp_path)


async def test_i6_a_process_that_is_killed_during_a_call_sends_nothing_twice(
    outside: Outside,
) -> None:
    """The call was carried out, its answer never arrived, and the echo proves it."""
    first, second, other = request("một"), request("hai"), request("ba", customer="671")
    await outside.doubles.fault(channel="facebook", action="send", delay_ms=3000, times=1)
    async with outside.process() as process:
        await outside.ask(first, second)
        await eventually(lambda: _has_calls(outside, 1), lambda: "no call", PATIENCE_S)
        process.kill()
        await process.wait()
    assert await outside.outcomes() == {}
    await outside.ask(other)
    async with outside.process():
        outcomes = await outside.wait_for(first, second, other)
    assert {identity: told[-1] for identity, told in outcomes.items()} == {
        "req_một": "done",
        "req_hai": "done",
        "req_ba": "done",
    }
    sent = await outside.doubles.calls(channel="facebook", action="send")
    assert [each["text"] for each in sent if each["to"] == "670"] == ["một", "hai"]
    assert len(sent) == 3


async def _has_calls(outside: Outside, count: int) -> bool:
    return len(await outside.doubles.calls(channel="facebook", action="send")) >= count


async def test_p5_faults_of_the_channel_lose_nothing(outside: Outside) -> None:
    """Over real HTTP: an error that passes, a limit, an answer that is cut off, a comment."""
    doubles = outside.doubles
    limited = {"error": {"code": 32, "message": "(#32) Page request limit reached"}}
    requested = [request(str(n)) for n in range(4)]
    async with outside.process():
        await doubles.fault(
            channel="facebook", action="send", status=500, body={"error": {"code": 2}}, times=2
        )
        await outside.ask(requested[0])
        await outside.wait_for(requested[0])
        usage = '{"1": [{"type": "pages", "estimated_time_to_regain_access": 0.05}]}'
        await doubles.fault(
            channel="facebook",
            action="send",
            status=400,
            body=limited,
            headers={"X-Business-Use-Case-Usage": usage},
            times=1,
        )
        await outside.ask(requested[1])
        await outside.wait_for(requested[1])
        await doubles.fault(channel="facebook", action="send", drop_answer=True, times=1)
        await outside.ask(*requested[2:])
        await outside.wait_for(*requested)
        said = await doubles.say(
            channel="facebook", account=ACCOUNT, customer="670", text="Giá?", post="332029982914750"
        )
        reply = comment("Dạ 199k ạ", target_external_id=said["id"])
        hide = comment("hide", action=OutboundAction.HIDE, target_external_id=said["id"])
        await outside.ask(reply, hide)
        outcomes = await outside.wait_for(*requested, reply, hide)
    assert {told[-1] for told in outcomes.values()} == {"done"}
    calls = await doubles.calls(channel="facebook")
    carried_out = [
        (each["action"], each["text"]) for each in calls if each["answered"]["status"] == 200
    ]
    assert carried_out == [
        *(("send", str(n)) for n in range(4)),
        ("comment", "Dạ 199k ạ"),
        ("hide", None),
    ]


async def test_p5_a_dead_token_stops_the_page_until_it_is_connected_again(
    outside: Outside,
) -> None:
    dead = {"error": {"code": 190, "error_subcode": 463, "message": "expired"}}
    await outside.doubles.fault(channel="facebook", action="send", status=400, body=dead, times=1)
    requested = [request("1"), request("2")]
    account = name_account(SHOP, Channel.FACEBOOK, ACCOUNT)
    keys = PageCredentials(SecretStr(LOCAL_SECRETS_KEY))
    async with outside.process():
        await outside.ask(*requested)
        await eventually(lambda: _has_calls(outside, 1), lambda: "no call", PATIENCE_S)
    async with outside.process():
        assert await outside.outcomes() == {}
        another = AccountCredentials(access_token=SecretStr("another-token"))
        await outside.log.append_all([keys.set_record(account, another)])
        outcomes = await outside.wait_for(*requested)
    assert outcomes == {"req_1": ["done"], "req_2": ["done"]}
