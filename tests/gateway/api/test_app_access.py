"""Who may what: every route of the description, called by everybody (R6.1, R7).

The table is `access.toml`. The walk goes over the OpenAPI document, so a route that is not in the
table fails, and so does a line of the table without a route.
"""

import json
import tomllib
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest

from crm.child_kinds import KINDS
from gateway.api.crm.answering import contact, show, show_child
from gateway.api.strict_database import strict_database
from gateway.api.walk import address, body_for
from gateway.feed import Feed
from gateway.rig import OPERATOR, START, Rig, User, running, until
from tuyen_events.commands import AssignConversation, CommandSettled, Outcome
from tuyen_events.crm.records import ContactCommand, CrmCommand, CrmCommandSettled, CrmOutcome
from tuyen_events.vocabulary import Role, Visibility
from tuyen_gateway.adapters.commands import CommandSender
from tuyen_gateway.adapters.crm_commands import CrmCommandSender
from tuyen_gateway.adapters.dead_letters import MongoDeadLetters
from tuyen_gateway.api import dead_letters, jobs, presence
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database

TABLE: Mapping[str, Mapping[str, str]] = tomllib.loads(
    (Path(__file__).parent / "access.toml").read_text("utf-8")
)["routes"]

ROLES = {role.value: role for role in Role}
MANAGING = frozenset(name for name, role in ROLES.items() if role.managing)
SENDING = ("calls", "leads")
ADMITTED: Mapping[str, frozenset[str]] = {
    "anybody": frozenset({*ROLES, *SENDING, "operator", "nobody"}),
    **{kind: frozenset({kind}) for kind in SENDING},
    "agents": frozenset(ROLES),
    "managers": MANAGING,
    "admins": frozenset({"system_admin"}),
    "operator": frozenset({"operator"}),
}
REFUSED = (401, 403)
KEY = {"Idempotency-Key": "key-1"}
WITHOUT_END = ("/v1/events",)
OF_NOTHING = {"conversation_id": "msg_none", "contact_id": "con_none", "app_id": "app_none"}
"""Ids of what does not exist; any other one is `nothing`."""


def routes(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for path, item in schema["paths"].items():
        for method in item:
            yield method.upper(), path


@dataclass
class Callers:
    """Everybody, logged in."""

    rig: Rig
    tokens: dict[str, str | None]
    passwords: dict[str, tuple[str, str]]
    schema: dict[str, Any]

    async def call(self, who: str, method: str, path: str, body: object = None) -> httpx.Response:
        token = self.tokens[who]
        if path == "/v1/auth/logout" and who in self.passwords:
            username, password = self.passwords[who]
            token = (await self.rig.login("shop", username, password)).token
        return await User(self.rig.client, token).call(method, path, body, KEY)


async def admit_everybody(rig: Rig, boss: User) -> Callers:
    tokens: dict[str, str | None] = {"operator": OPERATOR, "nobody": None}
    passwords = {}
    for role in ROLES:
        username = role.replace("_", "-")
        tokens[role] = (await rig.staff(boss, username, role)).token
        passwords[role] = (username, "s3cret")
    for kind in SENDING:
        made = await boss.done("PUT", f"/v1/integrations/{kind}", {"name": kind, "kind": kind})
        tokens[kind] = made["token"]
    return Callers(rig, tokens, passwords, (await rig.client.get("/openapi.json")).json())


@asynccontextmanager
async def nobody_works(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Commands are carried out at once, and nothing is waited for."""
    monkeypatch.setattr(jobs, "_SHORT_S", 0)
    monkeypatch.setattr(presence, "_SHOWN_WITHIN_S", 0)
    monkeypatch.setattr(dead_letters, "WAIT_S", 0)
    monkeypatch.setattr(CommandSender, "assign", _carry_out)
    monkeypatch.setattr(CrmCommandSender, "carry_out", _decide)
    yield


async def _carry_out(
    _: CommandSender, command: AssignConversation, _partition: int | None
) -> CommandSettled:
    return CommandSettled(
        command_id=command.command_id,
        organization=command.organization,
        conversation_id=command.conversation_id,
        outcome=Outcome.UNCHANGED,
        version=1,
        agent_id=command.agent_id,
    )


async def _decide(_: CrmCommandSender, command: CrmCommand) -> CrmCommandSettled:
    return CrmCommandSettled(
        command_id=command.command_id,
        organization=command.organization,
        contact_id=command.contact_id if isinstance(command, ContactCommand) else None,
        outcome=CrmOutcome.UNCHANGED,
        version=1,
    )


async def _at_once(*_: object) -> None:
    return


@pytest.fixture
async def callers(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callers]:
    """A gateway whose views find nothing that is asked for here."""
    monkeypatch.setattr(MongoDeadLetters, "_wait_until_folded", _at_once)
    clock = ManualClock(START)
    async with (
        nobody_works(monkeypatch),
        running(
            InMemoryLog(clock), clock, strict_database(), projecting=False, streaming=False
        ) as rig,
    ):
        yield await admit_everybody(rig, await rig.organization())


async def test_every_route_is_in_the_table_of_who_may_what(callers: Callers) -> None:
    described = {f"{method} {path}" for method, path in routes(callers.schema)}
    assert described == TABLE.keys()
    for route, line in TABLE.items():
        assert line["who"] in ADMITTED, route
        assert line.keys() <= {"who", "about", "foreign"}, route


async def test_r6_1_each_role_may_what_the_table_says(callers: Callers) -> None:
    wrong = []
    for method, path in routes(callers.schema):
        admitted = ADMITTED[TABLE[f"{method} {path}"]["who"]]
        for who in callers.tokens:
            if path in WITHOUT_END and who in admitted:
                continue
            body: object = None if method in ("GET", "DELETE") else {}
            answer = await callers.call(who, method, address(path, OF_NOTHING), body)
            if (answer.status_code in REFUSED) is (who in admitted):
                wrong.append(f"{who}: {method} {path} is answered {answer.status_code}")
            if answer.status_code >= 500:
                wrong.append(f"{who}: {method} {path} is answered {answer.text}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("state", ["disabled", "suspended", "removed", "logged out"])
async def test_r7_4_who_may_no_longer_work_may_nothing(callers: Callers, state: str) -> None:
    rig = callers.rig
    boss = await rig.login("shop", "boss", "boss-password")
    gone = await rig.staff(boss, "gone", "system_admin")
    match state:
        case "disabled":
            body = {"name": "G", "username": "gone", "role": "system_admin", "disabled": True}
            await boss.done("PUT", "/v1/agents/gone", body)
        case "removed":
            await boss.delete("/v1/agents/gone")
        case "suspended":
            await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
        case _:
            assert (await gone.post("/v1/auth/logout")).status_code == 204
    for method, path in routes(callers.schema):
        if TABLE[f"{method} {path}"]["who"] == "anybody" or path == "/v1/auth/logout":
            continue
        answer = await gone.call(method, address(path, OF_NOTHING), {})
        assert answer.status_code in REFUSED, (method, path, answer.text)


@dataclass
class Market:
    """Two organizations with one of everything, whose views are real."""

    rig: Rig
    owner: User
    stranger: User
    """The `system_admin` of the other organization."""
    users: dict[str, User]
    conversations: dict[tuple[str, str], str]
    """By page and assignee."""
    ids: dict[str, str]
    schema: dict[str, Any]


PAGES = ("page", "hidden")
ASSIGNEES = ("agent", "else", "nobody")


@pytest.fixture
async def market(
    desk: Rig, owner: User, log: InMemoryLog, views: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Market]:
    async with nobody_works(monkeypatch):
        everybody = await admit_everybody(desk, owner)
        users = {role: User(desk.client, everybody.tokens[role]) for role in ROLES}
        stranger = await desk.organization("other")
        await desk.staff(owner, "else")
        ids = await _set_up(owner)
        conversations = await _write(log)
        await show(views, contact(1, "shop", "Lan"))
        for kind in KINDS:
            await show_child(views, kind.entity.view, kind.show("shop", "con_1"))
            ids[f"{kind.one}_id"] = f"{kind.one}_1"
        ids |= {"conversation_id": conversations["page", "agent"], "contact_id": "con_1"}
        yield Market(desk, owner, stranger, users, conversations, ids, everybody.schema)


async def _set_up(owner: User) -> dict[str, str]:
    """One of everything that is set up, by the names of the parameters."""
    staff = [role.replace("_", "-") for role in ROLES]
    for page in PAGES:
        body = {"channel": "facebook", "external_id": page, "name": page}
        await owner.done(
            "PUT", f"/v1/pages/{page}", {**body, "staff": staff if page == "page" else []}
        )
    await owner.done("PUT", "/v1/departments/sales", {"name": "Sales"})
    await owner.done("PUT", "/v1/departments/sales/regions/north", {"name": "North"})
    await owner.done("PUT", "/v1/groups/giay", {"name": "Giày"})
    link = {"url": "https://shop.example/vn", "group": "giay"}
    await owner.done("PUT", "/v1/links/vn", link)
    integration = {"name": "Tổng đài", "kind": "calls"}
    await owner.done("PUT", "/v1/integrations/tong-dai", integration)
    rule = {"name": "R", "enabled": True, "mode": "sequential", "pages": None, "members": []}
    await owner.done("PUT", "/v1/rules/ca-toi", rule)
    await owner.done("PUT", "/v1/templates/chao", {"title": "T", "text": "T"})
    view = {"name": "V", "filter": {}, "shared": True}
    await owner.done("PUT", "/v1/views/moi", view)
    job = await owner.done(
        "POST", "/v1/conversations/bulk", {"ids": ["msg_none"], "set": {"done": True}}
    )
    return {
        "agent_id": "else",
        "page_id": "page",
        "rule_id": "ca-toi",
        "department_id": "sales",
        "region_id": "north",
        "group_id": "giay",
        "link_id": "vn",
        "integration_id": "tong-dai",
        "template_id": "chao",
        "view_id": "moi",
        "job_id": job["id"],
        "attachment_id": (await owner.upload(b"GIF89a")).json()["id"],
        "post_id": "post",
    }


async def _write(log: InMemoryLog) -> dict[tuple[str, str], str]:
    found = {}
    for page in PAGES:
        feed = Feed(log, page=page)
        for assignee in ASSIGNEES:
            who = f"{page}-{assignee}"
            found[page, assignee] = str(await feed.message(who))
            if assignee != "nobody":
                await feed.assign(who, assignee)
    await Feed(log, page="page").comment("c1", "commenter")
    return found


def sees(role: str, page: str, assignee: str, policy: Visibility, *, by_page: bool) -> bool:
    """R7's table, as it is written in the rulebook."""
    if by_page and page == "hidden" and role != "system_admin":
        return False
    if role in MANAGING or policy is Visibility.EVERYONE:
        return True
    if policy is Visibility.OWN_AND_UNASSIGNED:
        return assignee in (role, "nobody")
    return assignee == role


@pytest.mark.parametrize("by_page", [False, True], ids=["all pages", "own pages"])
@pytest.mark.parametrize("policy", list(Visibility))
async def test_r7_whoever_may_not_see_a_conversation_is_answered_as_for_none(
    market: Market, policy: Visibility, by_page: bool
) -> None:
    settings = {"visibility": policy.value, "page_permissions": by_page, "assignment": True}
    await market.owner.done("PUT", "/v1/settings", settings)
    await market.rig.gateway.inbox.wait_until_caught_up()
    about = [
        (method, path)
        for method, path in routes(market.schema)
        if TABLE[f"{method} {path}"].get("about") == "conversation"
    ]
    wrong = []
    for (role, user), (page, assignee) in product(
        market.users.items(), market.conversations.keys()
    ):
        conversation = market.conversations[page, assignee]
        visible = sees(role, page, assignee, policy, by_page=by_page)
        for method, path in about:
            at = address(path, {"conversation_id": conversation})
            none = address(path, {"conversation_id": "msg_none"})
            body = body_for(method, path)
            answer = await user.call(method, at, body, KEY)
            expected = await user.call(method, none, body, KEY)
            same = expected.text.replace("msg_none", conversation) == answer.text
            if visible is same and expected.status_code == 404:
                told = f"{answer.status_code} {answer.text[:100]}"
                wrong.append(f"{role}: {method} {path} of {page}, {assignee}: {told}")
            if not visible and (not same or expected.status_code not in (403, 404)):
                wrong.append(f"{role}: {method} {path} of {page}, {assignee} is not as for none")
        listed = await user.done("GET", "/v1/conversations?limit=200")
        in_list = conversation in [item["id"] for item in listed["items"]]
        if in_list is not visible:
            wrong.append(f"{role}: the list and {page}, {assignee}")
    assert not wrong, "\n".join(wrong[:20])


async def test_w6_a_contact_is_the_administrators_alone(market: Market) -> None:
    for method, path in routes(market.schema):
        if TABLE[f"{method} {path}"].get("about") != "contact":
            continue
        at, body = address(path, market.ids), body_for(method, path)
        for role, user in market.users.items():
            answer = await user.call(method, at, body)
            seen = answer.status_code != 404
            assert seen is (role == "system_admin"), (role, method, path)


async def test_r7_2_ids_of_another_organization_are_ids_of_nothing(market: Market) -> None:
    await market.rig.gateway.inbox.wait_until_caught_up()

    async def job_has_ended() -> bool:
        job = await market.owner.done("GET", f"/v1/jobs/{market.ids['job_id']}")
        return bool(job["state"] == "done")

    await until(job_has_ended)
    await market.stranger.done("PUT", "/v1/settings", {"assignment": True})
    before = await _read_all(market)
    assert len(before) > 10
    wrong = []
    for method, path in sorted(routes(market.schema), key=_last_what_makes_something):
        line = TABLE[f"{method} {path}"]
        if "{" not in path or line["who"] in ("anybody", "operator"):
            continue
        own = method == "PUT" and "about" not in line
        foreign = line.get("foreign", "own" if own else "missing")
        at, body = address(path, market.ids), body_for(method, path)
        if path == "/v1/agents/{agent_id}/handover":
            body = {"to": None}  # whoever is named has to be one's own
        answer = await market.stranger.call(method, at, body, KEY)
        missing = answer.status_code == 404
        if missing is not (foreign == "missing") or answer.status_code >= 500:
            wrong.append(f"{method} {at}: {answer.status_code} {answer.text[:100]}")
    assert not wrong, "\n".join(wrong)
    assert await _read_all(market) == before


def _last_what_makes_something(route: tuple[str, str]) -> tuple[bool, int]:
    """A region before its department: afterwards, ids of the same name are one's own."""
    method, path = route
    return method == "PUT", -len(path)


async def _read_all(market: Market) -> dict[str, object]:
    """All that the owner reads by its id."""
    found: dict[str, object] = {}
    for method, path in routes(market.schema):
        if method != "GET" or "{" not in path or TABLE[f"GET {path}"]["who"] == "operator":
            continue
        answer = await market.owner.get(address(path, market.ids))
        if answer.is_success and answer.headers["content-type"] == "application/json":
            found[path] = {
                name: value for name, value in json.loads(answer.text).items() if name != "position"
            }
    return found
