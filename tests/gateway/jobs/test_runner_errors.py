"""R9.5: whatever one job meets ends that job alone."""

from datetime import timedelta
from typing import Any

import pytest
from pymongo.errors import CursorNotFound, OperationFailure, ServerSelectionTimeoutError

from gateway.jobs.job_rig import ScansTwin, closing, conversation, put, run_gateway
from gateway.rig import Rig, User, events, until
from gateway.router_twin import routing
from tuyen_events.ids import AgentId, ConversationId, OrganizationId
from tuyen_events.inbound import Visit
from tuyen_events.jobs import HandoverRequested
from tuyen_events.topic import RECORD_BYTES
from tuyen_events.topics import COMMANDS, JOBS
from tuyen_events.vocabulary import Channel
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

NUL = "\x00"


async def wait_until_ended(user: User, job: str) -> Any:
    found: Any = None

    async def has_ended() -> bool:
        nonlocal found
        found = await user.done("GET", f"/v1/jobs/{job}")
        return bool(found["state"] != "running")

    await until(has_ended)
    return found


@pytest.mark.parametrize(
    "error",
    [
        OperationFailure("Regular expression cannot contain an embedded null byte", 51108),
        ValueError("nobody expected this"),
        ExceptionGroup("several", [KeyError("a")]),
    ],
)
async def test_r9_5_a_job_that_raises_fails_and_the_others_continue(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin, error: Exception
) -> None:
    """The job is in the log already when the gateway starts, before all others."""
    scans.raising[NUL] = error
    ids = scans.add(conversation(1))
    await put(log, closing("job_bad", clock.now(), name=NUL))
    async with run_gateway(log, clock, scans) as rig, routing(log) as router:
        boss = await rig.organization()
        await put(log, closing("job_bad2", clock.now(), name=NUL))
        await put(log, closing("job_good", clock.now() + timedelta(seconds=1), ids=tuple(ids)))
        assert (await wait_until_ended(boss, "job_good"))["changed"] == 1
        bad = await wait_until_ended(boss, "job_bad2")
    assert bad["state"] == "failed"
    assert "could not handle" in bad["detail"]
    assert NUL not in bad["detail"]
    assert len(router.asked) == 1
    async with run_gateway(log, clock, scans) as rig:
        boss = await rig.login("shop", "boss", "boss-password")
        assert (await wait_until_ended(boss, "job_bad2")) == bad


@pytest.mark.parametrize(
    "error", [ServerSelectionTimeoutError("away"), CursorNotFound("restarted", 43)]
)
async def test_r9_5_errors_of_the_environment_are_waited_for(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin, error: Exception
) -> None:
    scans.raising["lan"] = error
    scans.add(conversation(1))
    async with run_gateway(log, clock, scans) as rig, routing(log):
        boss = await rig.organization()
        await put(log, closing("job_1", clock.now(), name="lan"))
        assert (await boss.done("GET", "/v1/jobs/job_1"))["state"] == "running"
        scans.raising.clear()
        assert (await wait_until_ended(boss, "job_1"))["changed"] == 1


async def test_r9_5_progress_that_is_too_large_fails_its_job(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    ids = [conversation(1, customer=None).id + "x" * 12_000 + str(n) for n in range(90)]
    for one in ids:
        scans.rows_by_id[ConversationId(one)] = conversation(1)
    assert sum(map(len, ids)) > RECORD_BYTES
    async with run_gateway(log, clock, scans) as rig:
        boss = await rig.organization()
        await put(log, closing("job_1", clock.now(), name="all of them"))
        found = await wait_until_ended(boss, "job_1")
    assert (found["state"], found["done"]) == ("failed", 0)


async def test_r9_5_a_command_that_is_too_large_is_refused_for_its_conversation_alone(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    theirs: dict[str, Any] = {"assignee": AgentId("minh"), "channel": Channel.LIVECHAT}
    large = Visit(page_url="x" * RECORD_BYTES)
    scans.add(*(conversation(n, **theirs) for n in range(5)))
    scans.add(conversation(7, visit=large, **theirs))
    async with run_gateway(log, clock, scans) as rig, routing(log):
        boss = await rig.organization()
        request = HandoverRequested(
            job_id="job_1",
            organization=OrganizationId("shop"),
            at=clock.now(),
            by=AgentId("admin"),
            agent_id=AgentId("minh"),
            to=None,
        )
        await put(log, request)
        found = await wait_until_ended(boss, "job_1")
    assert (found["state"], found["done"], found["reasons"]) == ("done", 6, {"too_large": 1})
    assert len(await events(log, COMMANDS)) == 5


@pytest.mark.parametrize("gone", ["organization", "agent", "suspended"])
async def test_r9_5_a_job_of_those_who_are_gone_fails_with_its_reason(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin, gone: str
) -> None:
    scans.add(conversation(1))
    async with run_gateway(log, clock, scans) as rig:
        boss = await rig.organization()
        request = closing("job_1", clock.now())
        if gone == "organization":
            request = closing("job_1", clock.now(), organization="nowhere")
        if gone == "agent":
            await rig.staff(boss, "an", "system_admin")
            an = await rig.login("shop", "an", "s3cret")
            await an.done("DELETE", "/v1/agents/admin")
        if gone == "suspended":
            await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
        await put(log, request)
        detail = await failure(rig, "job_1")
    assert {
        "organization": "removed since",
        "agent": "removed since",
        "suspended": "suspended",
    }[gone] in detail
    assert await events(log, COMMANDS) == []


async def failure(rig: Rig, job_id: str) -> str:
    async def has_failed() -> bool:
        job = rig.gateway.jobs.job(job_id)
        return job is not None and job.ended

    await until(has_failed)
    job = rig.gateway.jobs.job(job_id)
    assert job is not None
    assert job.progress is not None
    assert job.progress.state == "failed"
    return job.progress.detail or ""


async def test_r9_5_a_record_that_is_no_job_is_skipped(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    ids = scans.add(conversation(1))
    headers = (("ce_type", b"job.bulk_requested.v1"), ("ce_id", b"evt_1"))
    for value in (b"\xff", b"{}", b"[" * 5000, b'{"job_id": 7}'):
        await log.append_bytes(JOBS, "job_0", value, headers)
    async with run_gateway(log, clock, scans) as rig, routing(log):
        boss = await rig.organization()
        await put(log, closing("job_1", clock.now(), ids=tuple(ids)))
        assert (await wait_until_ended(boss, "job_1"))["changed"] == 1


async def test_r9_5_closing_what_is_inactive_in_one_organization_does_not_stop_anothers(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    scans.raising["bad"] = ValueError("nobody expected this")
    scans.add(conversation(1, "good", active_at=clock.now()))
    async with run_gateway(log, clock, scans) as rig:
        for organization in ("bad", "good"):
            boss = await rig.organization(organization)
            await boss.done("PUT", "/v1/settings", {"done_after_hours": 1})
        clock.advance(timedelta(hours=2))

        async def closed() -> bool:
            return bool(await events(log, COMMANDS))

        await until(closed)


async def test_what_is_made_up_is_refused_without_a_command_or_a_record_of_its_own(
    log: InMemoryLog, clock: ManualClock, scans: ScansTwin
) -> None:
    (there,) = scans.add(conversation(1))
    made_up = [ConversationId(f"msg_made_up_{n}") for n in range(9_999)]
    async with run_gateway(log, clock, scans) as rig, routing(log) as router:
        boss = await rig.organization()
        await put(log, closing("job_1", clock.now(), ids=(there, *made_up)))
        found = await wait_until_ended(boss, "job_1")
    assert (found["total"], found["done"], found["changed"]) == (10_000, 10_000, 1)
    assert found["reasons"] == {"not_found": 9_999}
    assert len(router.asked) == 1
    assert len(await events(log, JOBS)) <= 4
