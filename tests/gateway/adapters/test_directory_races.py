"""Two gateways that change one organization at once, over Kafka and over its twin: both decide as
if one had come after the other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack
from typing import Any, TypeVar, cast

import pytest

from gateway.rig import DEADLINE_S, Rig, User, running
from tuyen_events.ids import OrganizationId
from tuyen_events.topics import TOPICS
from tuyen_events.vocabulary import Channel
from tuyen_platform.clock import SystemClock
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import Condition, Log, ProducerRecord, RecordMetadata
from tuyen_platform.kafka.topics import ensure_topics
from tuyen_platform.page_credentials import AccountCredentials, name_account

ROUNDS = 3
AnyT = TypeVar("AnyT")


class Meeting:
    """Where two conditional appends wait for each other, after both were decided."""

    def __init__(self) -> None:
        self._expected = 0
        self._all = asyncio.Event()

    async def gather(self, *calls: Awaitable[AnyT]) -> list[AnyT]:
        """The results of two calls, of which neither appends before both have decided to."""
        self._expected = len(calls)
        self._all.clear()
        return await asyncio.gather(*calls)

    async def arrive(self) -> None:
        if self._expected > 0:
            self._expected -= 1
            if self._expected == 0:
                self._all.set()
            async with asyncio.timeout(DEADLINE_S):
                await self._all.wait()


class MeetingLog:
    """The log, as one gateway has it."""

    def __init__(self, log: Log, meeting: Meeting) -> None:
        self._log = log
        self._meeting = meeting

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def append_if(
        self, records: Sequence[ProducerRecord], holds: Condition
    ) -> Sequence[RecordMetadata] | None:
        await self._meeting.arrive()
        return await self._log.append_if(records, holds)


@pytest.fixture
def meeting() -> Meeting:
    return Meeting()


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.kafka)])
def server(request: pytest.FixtureRequest) -> tuple[str, str] | None:
    """The broker's address and this test's prefix; None for the log in memory."""
    if request.param == "memory":
        return None
    return request.getfixturevalue("kafka"), request.getfixturevalue("topic_prefix")


@pytest.fixture
async def logs(server: tuple[str, str] | None, meeting: Meeting) -> AsyncIterator[tuple[Log, Log]]:
    async with AsyncExitStack() as stack:
        several: list[Log] = [InMemoryLog()] * 2
        if server is not None:
            await ensure_topics(*server, 1, TOPICS.values())
            several = [await stack.enter_async_context(KafkaLog(*server)) for _ in range(2)]
        one, two = (cast("Log", MeetingLog(log, meeting)) for log in several)
        yield one, two


@pytest.fixture
async def gateways(logs: tuple[Log, Log]) -> AsyncIterator[tuple[Rig, Rig]]:
    async with AsyncExitStack() as stack:
        one, two = [await stack.enter_async_context(running(log, SystemClock())) for log in logs]
        yield one, two


@pytest.fixture
async def bosses(gateways: tuple[Rig, Rig]) -> tuple[User, User]:
    """One administrator, at each of the gateways."""
    here = await gateways[0].organization()
    await gateways[1].gateway.credentials.table.require_current()
    await gateways[1].gateway.directory.table.require_current()
    return here, User(gateways[1].client, here.token)


Call = tuple[User, str, str, object]


async def at_once(meeting: Meeting, *calls: Call) -> list[int]:
    """The statuses of calls that are made at the same time, the smallest first."""
    answers = await meeting.gather(
        *(user.call(method, path, body) for user, method, path, body in calls)
    )
    return sorted(answer.status_code for answer in answers)


async def test_fields_that_two_gateways_change_at_once_are_all_changed(
    meeting: Meeting, gateways: tuple[Rig, Rig], bosses: tuple[User, User]
) -> None:
    here, _ = bosses
    for number in range(1, ROUNDS + 1):
        path = "/v1/settings"
        given = {"done_after_hours": number, "take_unassigned": bool(number % 2)}
        calls = [
            (user, "PUT", path, {name: given[name]})
            for user, name in zip(bosses, given, strict=True)
        ]
        assert await at_once(meeting, *calls) == [200, 200]
        for user, rig in zip(bosses, gateways, strict=True):
            await rig.gateway.directory.table.require_current()
            found = await user.done("GET", path)
            assert {name: found[name] for name in given} == given
    assert (await here.done("GET", "/v1/settings"))["revision"] == 2 * ROUNDS


async def test_c12_a_change_of_an_integration_does_not_bring_its_old_token_back(
    meeting: Meeting, gateways: tuple[Rig, Rig], bosses: tuple[User, User]
) -> None:
    here, there = bosses
    path = "/v1/integrations/tong-dai"
    await here.done("PUT", path, {"name": "0", "kind": "calls"})
    for number in range(1, ROUNDS + 1):
        renewed, patched = await meeting.gather(
            here.done("POST", f"{path}/token"),
            there.done("PATCH", path, {"name": str(number)}),
        )
        assert patched["name"] == str(number)
        for user, rig in zip(bosses, gateways, strict=True):
            await rig.gateway.directory.table.require_current()
            found = await user.done("GET", path)
            assert (found["name"], found["token_made_at"]) == (
                str(number),
                renewed["token_made_at"],
            )
            sent = await User(rig.client, renewed["token"]).post("/v1/calls", {})
            assert sent.status_code == 422  # it is known, and its body is wrong


async def test_c12_of_two_that_name_the_version_which_they_read_one_is_refused(
    meeting: Meeting,
    bosses: tuple[User, User],
) -> None:
    path = "/v1/integrations/tong-dai"
    version = (await bosses[0].done("PUT", path, {"name": "0", "kind": "calls"}))["version"]
    for number in range(ROUNDS):
        answers = await meeting.gather(
            *(
                user.call("PATCH", path, {"name": f"{number}{n}"}, {"If-Match": f'"{version}"'})
                for n, user in enumerate(bosses)
            )
        )
        done, refused = sorted(answers, key=lambda answer: answer.status_code)
        assert (done.status_code, refused.status_code) == (200, 412)
        version = done.json()["version"]
        assert refused.json()["version"] == version


async def test_w2_an_id_is_that_of_a_page_or_of_an_integration(
    meeting: Meeting, bosses: tuple[User, User]
) -> None:
    here, there = bosses
    page = {"channel": "zalo", "external_id": "0", "name": "OA"}
    integration = {"name": "Tổng đài", "kind": "leads"}
    for number in range(ROUNDS):
        own, path = {**page, "external_id": str(number)}, f"/v1/pages/id-{number}"
        other = f"/v1/integrations/id-{number}"
        calls = (here, "PUT", path, own), (there, "PUT", other, integration)
        assert await at_once(meeting, *calls) == [200, 409]
    # One after the other, and whichever was first may still be changed.
    await here.done("PUT", "/v1/pages/p", {**page, "external_id": "p"})
    assert (await there.put("/v1/integrations/p", integration)).status_code == 409
    await there.done("PUT", "/v1/pages/p", {**page, "external_id": "p", "name": "B"})
    await there.done("PUT", "/v1/integrations/i", integration)
    assert (await here.put("/v1/pages/i", {**page, "external_id": "i"})).status_code == 409
    await here.done("PUT", "/v1/integrations/i", {**integration, "name": "B"})


async def test_what_only_one_may_have_belongs_to_one(
    meeting: Meeting, gateways: tuple[Rig, Rig], bosses: tuple[User, User]
) -> None:
    """A username, an account at a channel, and the last `system_admin`."""
    here, _ = bosses
    agent = {"name": "A", "username": "lan", "role": "agent"}
    page = {"channel": "zalo", "external_id": "1", "name": "OA"}
    for what, body in (("agents", agent), ("pages", page)):
        calls = [
            (user, "PUT", f"/v1/{what}/{name}", body)
            for user, name in zip(bosses, ("a", "b"), strict=True)
        ]
        assert await at_once(meeting, *calls) == [200, 409]
    second = {"name": "B", "username": "second", "role": "system_admin", "password": "s3cret"}
    await here.done("PUT", "/v1/agents/second", second)
    await gateways[1].gateway.credentials.table.require_current()
    other = await gateways[1].login("shop", "second", "s3cret")
    assert await at_once(
        meeting,
        (here, "DELETE", "/v1/agents/second", None),
        (other, "DELETE", "/v1/agents/admin", None),
    ) in ([204, 401], [204, 409])
    await gateways[0].gateway.directory.table.require_current()
    (left,) = gateways[0].gateway.directory.organizations()
    assert left.has_admin()


async def test_of_two_operators_who_make_an_organization_at_once_one_is_refused(
    meeting: Meeting,
    gateways: tuple[Rig, Rig],
) -> None:
    for number in range(ROUNDS):
        bodies = (
            {"id": f"o{number}", "name": name, "admin": {"username": name, "password": "s3cret-pw"}}
            for name in ("one", "two")
        )
        calls = [
            (rig.operator, "POST", "/v1/organizations", body)
            for rig, body in zip(gateways, bodies, strict=True)
        ]
        assert await at_once(meeting, *calls) == [201, 409]


async def test_an_organizations_time_zone_and_its_suspension_are_changed_at_once(
    meeting: Meeting, gateways: tuple[Rig, Rig], bosses: tuple[User, User]
) -> None:
    path = "/v1/organizations/shop"
    for suspended in (True, False):
        zone = "Asia/Bangkok" if suspended else "Asia/Tokyo"
        given = ({"suspended": suspended}, {"time_zone": zone})
        calls = [
            (rig.operator, "PATCH", path, body) for rig, body in zip(gateways, given, strict=True)
        ]
        assert await at_once(meeting, *calls) == [200, 200]
        found = await gateways[0].operator.done("GET", f"{path}?after=1")
        assert (found["suspended"], found["time_zone"]) == (suspended, zone)


async def test_l1_of_two_first_puts_of_a_livechat_page_one_returns_its_token(
    meeting: Meeting, gateways: tuple[Rig, Rig], bosses: tuple[User, User]
) -> None:
    for number in range(ROUNDS):
        path, body = f"/v1/pages/site-{number}", {"channel": "livechat", "name": "Web"}
        answers = await meeting.gather(*(user.done("PUT", path, body) for user in bosses))
        (made,) = [answer for answer in answers if "token" in answer]
        stamps = set()
        for rig in gateways:
            tokens = rig.gateway.site_tokens
            await tokens.table.require_current()
            stamps.add(tokens.stamp(made["app_id"]))
        assert len(stamps) == 1
        assert None not in stamps


async def test_what_a_page_was_given_since_is_not_removed_with_what_it_had(
    gateways: tuple[Rig, Rig], bosses: tuple[User, User]
) -> None:
    """One gateway removes a page, and another one connects it again before that has ended."""
    page = {"channel": "zalo", "external_id": "2000", "name": "OA"}
    account = name_account(OrganizationId("shop"), Channel.ZALO, "2000")
    here, there = (rig.gateway.page_access for rig in gateways)
    given: list[AccountCredentials] = []
    for user, token in zip(bosses, ("old", "new"), strict=True):
        credentials = {"access_token": token, "refresh_token": "r"}
        await user.done("PUT", "/v1/pages/oa", {**page, "credentials": credentials})
        await here.table.require_current()
        found = here.find_set_credentials(account)
        assert found is not None
        given.append(found)
    old, new = given
    await here.forget(account, old)
    for access in (here, there):
        await access.table.require_current()
        assert access.find_set_credentials(account) == new
    await there.forget(account, new)
    await here.table.require_current()
    assert here.find_set_credentials(account) is None
