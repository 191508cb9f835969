"""R6.5: all of an agent's open conversations, to another agent or back to rotation."""

from typing import Any

import pytest

from gateway.feed import Feed
from gateway.rig import Rig, User, records, running, until
from gateway.router_twin import RouterTwin, routing
from tuyen_events.commands import AssignConversation, ReturnToRotation
from tuyen_events.ids import AgentId, ConversationId, OrganizationId, PageId, customer_key
from tuyen_events.inbound import Visit
from tuyen_events.topics import COMMANDS
from tuyen_events.vocabulary import Channel
from tuyen_gateway.jobs.job_run import SLICE
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.mongodb import Database

DEADLINE_S = 30


@pytest.fixture
async def manager(desk: Rig, owner: User) -> User:
    """A sales manager of a shop with the agents lan and minh."""
    await owner.done("PUT", "/v1/settings", {"assignment": True})
    for agent in ("lan", "minh"):
        await desk.staff(owner, agent)
    manager = await desk.staff(owner, "hoa", "sales_manager")
    page = {"channel": "facebook", "external_id": "1", "name": "P", "staff": ["lan", "hoa"]}
    await owner.done("PUT", "/v1/pages/page", page)
    return manager


async def assign(
    feed: Feed, count: int, agent: str = "minh", first: int = 0
) -> list[ConversationId]:
    """Conversations that the agent has."""
    threads = []
    for number in range(first, first + count):
        threads.append(await feed.message(f"c{number}"))
        await feed.assign(f"c{number}", agent)
    return threads


async def wait_until_ended(user: User, job: str) -> Any:
    """The job once it ended."""
    found: Any = None

    async def has_ended() -> bool:
        nonlocal found
        found = await user.done("GET", f"/v1/jobs/{job}")
        return bool(found["state"] != "running")

    await until(has_ended, DEADLINE_S)
    return found


async def hand_over(user: User, agent: str, to: str | None, **said: Any) -> Any:
    answer = await user.post(f"/v1/agents/{agent}/handover", {"to": to, **said})
    assert answer.status_code == 202, answer.text
    return answer.json()


def assignees(router: RouterTwin, threads: list[ConversationId]) -> set[AgentId | None]:
    return {router.assignee_of(thread) for thread in threads}


async def test_r4_5_commands_go_where_the_router_decided_however_many_replied_before(
    manager: User, feed: Feed, log: InMemoryLog
) -> None:
    """While rules were off, the first of them were nobody's; the last asked for the thread."""
    repliers = [f"c{number}" for number in range(30)]
    for number, who in enumerate(repliers):
        thread = await feed.comment(f"1_{number}", who, parent="root")
    assert thread is not None
    await feed.assign(repliers[-1], "minh", thread)
    path = f"/v1/conversations/{thread}"
    await manager.done("GET", f"{path}?after=1")
    async with routing(log) as router:
        await manager.done("PUT", f"{path}/done", {"done": True})
        await manager.done("PUT", f"{path}/done", {"done": False})
        await manager.done("GET", "/v1/conversations?after=0")
        job = await hand_over(manager, "minh", "lan")
        assert (await wait_until_ended(manager, job["id"]))["changed"] == 1
        await manager.done("GET", f"{path}?after=2")
        await manager.done("PUT", f"{path}/assignee", {"agent_id": "minh"})
    assert router.assignee_of(thread) == "minh"
    place = customer_key(OrganizationId("shop"), PageId("page"), repliers[-1])
    assert [(one.partition, one.topic) for one in await records(log, COMMANDS)] == [
        (partition_of(place, COMMANDS.partitions), COMMANDS.name)
    ] * 4
    assert {command.customer_id for command in router.asked} == {feed.customer(repliers[-1]).id}


async def test_r6_5_all_open_conversations_go_to_another_agent(
    manager: User, feed: Feed, log: InMemoryLog
) -> None:
    threads = await assign(feed, 250)
    others = await assign(feed, 3, "lan", first=900)
    async with routing(log) as router:
        job = await hand_over(manager, "minh", "lan", note="nghỉ việc")
        assert (job["kind"], job["agent_id"], job["to"], job["by"]) == (
            "handover",
            "minh",
            "lan",
            "hoa",
        )
        found = await wait_until_ended(manager, job["id"])
    assert (found["state"], found["total"], found["done"]) == ("done", 250, 250)
    assert (found["changed"], found["unchanged"], found["refused"]) == (250, 0, 0)
    assert assignees(router, threads) == {"lan"}
    assert len(router.asked) == 250
    assert not {command.conversation_id for command in router.asked} & {*others}
    command = router.asked[0]
    assert isinstance(command, AssignConversation)
    assert (command.bulk, command.only_from, command.note) == (True, "minh", "nghỉ việc")
    history = await manager.done("GET", f"/v1/conversations/{threads[0]}/assignments?after=0")
    assert history["items"][0]["reason"] == "bulk"


async def test_r6_5_back_to_rotation_with_what_the_visitor_chose(
    desk: Rig, manager: User, log: InMemoryLog
) -> None:
    site = Feed(log, page="site", channel=Channel.LIVECHAT)
    await site.message("v", visit=Visit(department="sales"), at=5)
    last = Visit(page_url="https://shop.example/vn", department="sales", region="mien-bac")
    thread = await site.message("v", visit=last, at=6)
    await site.message("v", visit=Visit(department="late news"), at=4)
    await site.assign("v", "minh")
    async with routing(log) as router:
        found = await wait_until_ended(manager, (await hand_over(manager, "minh", None))["id"])
    assert found["changed"] == 1
    (command,) = router.asked
    assert isinstance(command, ReturnToRotation)
    assert (command.department, command.region) == ("sales", "mien-bac")
    assert command.page_url == "https://shop.example/vn"
    assert (command.channel, command.only_from) == (Channel.LIVECHAT, "minh")
    row = await manager.done("GET", f"/v1/conversations/{thread}?after=0")
    assert (row["assignee"], row["waiting"]) == (None, True)


async def test_r6_5_closed_conversations_stay(manager: User, feed: Feed, log: InMemoryLog) -> None:
    closed, _ = await assign(feed, 2)
    await manager.done("GET", f"/v1/conversations/{closed}?after=0")
    async with routing(log) as router:
        await manager.done("PUT", f"/v1/conversations/{closed}/done", {"done": True})
        found = await wait_until_ended(manager, (await hand_over(manager, "minh", "lan"))["id"])
        assert router.assignee_of(closed) == "minh"
    assert (found["total"], found["changed"]) == (1, 1)


async def test_r6_5_what_the_new_agent_may_not_answer_is_refused_and_the_rest_is_changed(
    manager: User, feed: Feed, log: InMemoryLog
) -> None:
    await assign(feed, 3)
    other = Feed(log, page="other")
    await assign(other, 2)
    async with routing(log) as router:
        router.closed_pages.add(PageId("other"))
        found = await wait_until_ended(manager, (await hand_over(manager, "minh", "lan"))["id"])
    assert (found["state"], found["total"], found["changed"], found["refused"]) == ("done", 5, 3, 2)
    assert found["reasons"] == {"not_allowed": 2}


async def test_r6_1_only_on_the_pages_that_the_manager_holds(
    owner: User, manager: User, feed: Feed, log: InMemoryLog
) -> None:
    await assign(feed, 2)
    hidden = await assign(Feed(log, page="other"), 2)
    await owner.done("PUT", "/v1/settings", {"page_permissions": True})
    async with routing(log) as router:
        found = await wait_until_ended(manager, (await hand_over(manager, "minh", "lan"))["id"])
    assert (found["total"], found["changed"]) == (2, 2)
    assert assignees(router, hidden) == {"minh"}


async def test_r6_5_an_agent_who_was_removed_still_hands_over(
    owner: User, manager: User, feed: Feed, log: InMemoryLog
) -> None:
    await assign(feed, 2)
    await owner.done("DELETE", "/v1/agents/minh")
    async with routing(log):
        found = await wait_until_ended(manager, (await hand_over(manager, "minh", "lan"))["id"])
    assert found["changed"] == 2
    assert (await manager.post("/v1/agents/nobody/handover", {"to": "lan"})).status_code == 404


async def test_r6_5_an_agent_with_nothing_is_handed_over_at_once(
    manager: User, log: InMemoryLog
) -> None:
    found = await wait_until_ended(manager, (await hand_over(manager, "minh", None))["id"])
    assert (found["state"], found["total"], found["done"]) == ("done", 0, 0)


@pytest.mark.parametrize(
    ("to", "status"), [("nobody", 422), ("minh", 422), ("gone", 422), ("lan", 409)]
)
async def test_r6_2_the_new_agent_has_to_be_there_and_assignment_on(
    owner: User, manager: User, to: str, status: int
) -> None:
    gone = {"name": "Gone", "username": "gone", "role": "agent", "disabled": True}
    await owner.done("PUT", "/v1/agents/gone", gone)
    if status == 409:
        await owner.done("PUT", "/v1/settings", {"assignment": False})
    answer = await manager.post("/v1/agents/minh/handover", {"to": to})
    assert answer.status_code == status


async def test_r6_1_an_agent_hands_nothing_over(desk: Rig, manager: User) -> None:
    lan = await desk.login("shop", "lan", "s3cret")
    assert (await lan.post("/v1/agents/lan/handover", {"to": "minh"})).status_code == 403


async def test_r7_2_a_job_is_seen_by_who_asked_and_by_the_admin_alone(
    desk: Rig, owner: User, manager: User, log: InMemoryLog
) -> None:
    other = await desk.staff(owner, "kim", "store_manager")
    first = await hand_over(manager, "minh", None)
    second = await hand_over(manager, "lan", None)
    for job in (first, second):
        await wait_until_ended(manager, job["id"])
    for user in (manager, owner):
        listed = await user.done("GET", "/v1/jobs")
        assert [job["id"] for job in listed["items"]] in (
            [second["id"], first["id"]],
            [job["id"] for job in sorted((first, second), key=lambda j: j["id"], reverse=True)],
        )
    assert (await other.done("GET", "/v1/jobs"))["items"] == []
    assert (await other.get(f"/v1/jobs/{first['id']}")).status_code == 404
    assert (await manager.get("/v1/jobs/job_none")).status_code == 404
    page = await manager.done("GET", "/v1/jobs?limit=1")
    rest = await manager.done("GET", f"/v1/jobs?limit=1&cursor={page['next']}")
    assert {page["items"][0]["id"], rest["items"][0]["id"]} == {first["id"], second["id"]}
    assert rest["next"] is None


async def test_r7_4_a_manager_who_lost_the_right_meanwhile_stops_the_job(
    owner: User, manager: User, feed: Feed, log: InMemoryLog
) -> None:
    threads = await assign(feed, 150)
    async with routing(log, awake=False) as router:
        job = await hand_over(manager, "minh", "lan")
        await wait_for_commands(log, SLICE)
        await owner.done(
            "PUT", "/v1/agents/hoa", {"name": "Hoa", "username": "hoa", "role": "agent"}
        )
        router.awake.set()
        found = await wait_until_ended(owner, job["id"])
    assert found["state"] == "failed"
    assert "hoa" in found["detail"]
    assert (found["total"], found["done"]) == (150, 100)
    assert assignees(router, threads) == {"lan", "minh"}


async def test_r6_5_two_gateways_that_both_have_the_job_do_it_once(
    manager: User, feed: Feed, log: InMemoryLog, clock: ManualClock, views: Database
) -> None:
    """The log in memory deals every partition to everybody, as to one who slept through it."""
    threads = await assign(feed, 230)
    async with routing(log) as router, running(log, clock, views, projecting=False):
        found = await wait_until_ended(manager, (await hand_over(manager, "minh", "lan"))["id"])
        assert assignees(router, threads) == {"lan"}
        for thread in (threads[0], threads[-1]):
            path = f"/v1/conversations/{thread}/assignments?after=0"
            assert [one["version"] for one in (await manager.done("GET", path))["items"]] == [2, 1]
    assert (found["state"], found["done"], found["refused"]) == ("done", 230, 0)


async def test_r6_5_a_gateway_that_starts_continues_where_the_last_one_was(
    log: InMemoryLog, clock: ManualClock, views: Database, feed: Feed
) -> None:
    """The first one dies while a batch is under way: sent, in part handled, not counted."""
    async with routing(log) as router:
        router.rests_after = 60
        async with running(log, clock, views) as first:
            owner = await first.organization()
            await owner.done("PUT", "/v1/settings", {"assignment": True})
            for agent in ("lan", "minh"):
                await first.staff(owner, agent)
            threads = await assign(feed, 130)
            job = await hand_over(owner, "minh", "lan")
            await wait_for_commands(log, SLICE)

        async def rests() -> bool:
            return not router.awake.is_set()

        await until(rests)
        async with running(log, clock, views) as second:
            owner = await second.login("shop", "boss", "boss-password")
            await wait_for_commands(log, 2 * SLICE - 60)  # what was carried out is not asked again
            router.awake.set()
            found = await wait_until_ended(owner, job["id"])
            for thread in (threads[0], threads[-1]):
                path = f"/v1/conversations/{thread}/assignments?after=0"
                assert [one["version"] for one in (await owner.done("GET", path))["items"]] == [
                    2,
                    1,
                ]
    assert (found["total"], found["done"], found["changed"]) == (130, 130, 130)
    assert assignees(router, threads) == {"lan"}
    assert len({command.command_id for command in router.asked}) == 130


async def wait_for_commands(log: InMemoryLog, count: int) -> None:
    """Returns once so many commands are in the log."""

    async def all_asked() -> bool:
        return sum((await log.end_offsets(COMMANDS)).values()) >= count

    await until(all_asked)


async def test_o2_the_audit_has_who_stopped_a_job(
    owner: User, manager: User, feed: Feed, log: InMemoryLog
) -> None:
    await assign(feed, 2)
    async with routing(log, awake=False) as router:
        job = await hand_over(manager, "minh", "lan")
        for _ in range(2):
            await owner.done("POST", f"/v1/jobs/{job['id']}/stop")
        router.awake.set()
        await wait_until_ended(owner, job["id"])
    await owner.done("POST", f"/v1/jobs/{job['id']}/stop")
    found: list[Any] = []

    async def is_there() -> bool:
        found[:] = (await owner.done("GET", "/v1/audit?entity=handover"))["items"]
        return len(found) > 1

    await until(is_there)
    assert {(each["action"], each["by"], each["id"]) for each in found} == {
        ("stopped", "admin", job["id"]),
        ("started", "hoa", job["id"]),
    }
