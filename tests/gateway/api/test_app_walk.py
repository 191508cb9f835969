"""Every field of every route, with all that no field expects: no 500, no 503, no long answer."""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from gateway.api.odd_values import ODD, ODD_HEADERS, ODD_IN_URL, OF_A_WHOLE_BODY
from gateway.api.strict_database import THREAD, strict_database
from gateway.api.walk import ACCOUNT, BODIES, PATHS, UNSET, Place, places, replace_value
from gateway.rig import OPERATOR, START, Rig, User, running
from tuyen_events.codec import decode_typed, encode_data
from tuyen_events.commands import AssignConversation, CommandSettled, Outcome
from tuyen_events.crm.records import ContactCommand, CrmCommand, CrmCommandSettled, CrmOutcome
from tuyen_events.ids import OrganizationId
from tuyen_events.outbound import AttachmentId
from tuyen_gateway.adapters import jobs as kept_jobs
from tuyen_gateway.adapters.commands import CommandSender
from tuyen_gateway.adapters.crm_commands import CrmCommandSender
from tuyen_gateway.adapters.dead_letters import MongoDeadLetters
from tuyen_gateway.adapters.progress import ViewProgress
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.api import dead_letters, jobs, presence
from tuyen_gateway.api.app import create_app
from tuyen_gateway.ports.commands import AddressedCommand
from tuyen_platform.clock import ManualClock
from tuyen_platform.file_links import LinkedFile
from tuyen_platform.kafka.memory import InMemoryLog

JSON = {"Content-Type": "application/json", "Idempotency-Key": "walked"}
LONGEST_ANSWER = 100_000
Operation = tuple[str, str]

NOT_HERE = {
    ("POST", "/v1/auth/openid/start"),
    ("POST", "/v1/auth/openid/callback"),
    ("POST", "/v1/conversations/{conversation_id}/read"),
    ("POST", "/v1/attachments"),
    ("GET", "/v1/exports/{job_id}/file"),
    ("POST", "/v1/merge-proposals/{proposal_id}"),
    ("POST", "/v1/imports"),
    ("GET", "/v1/imports/{import_id}"),
    ("PUT", "/v1/imports/{import_id}/mapping"),
    ("POST", "/v1/imports/{import_id}/start"),
    ("POST", "/v1/imports/{import_id}/stop"),
}
"""What asks for something that the walk's database has none of."""


WITHOUT_END = {("GET", "/v1/events")}
"""What is answered for as long as the caller listens: `test_events.py` tests it."""


class Walk:
    """One gateway, and everybody who calls it; what went wrong is kept."""

    def __init__(self, rig: Rig, callers: dict[str, str], schema: dict[str, Any]) -> None:
        self.rig = rig
        self.callers = callers
        self.schema = schema
        self.paths = dict(PATHS)
        self.bodies: dict[Operation, tuple[dict[str, Any], ...]] = dict(BODIES)
        self.wrong: list[str] = []
        self.seen: Counter[int] = Counter()

    def operations(self) -> Iterator[tuple[Operation, dict[str, Any]]]:
        for path, item in self.schema["paths"].items():
            for method, operation in item.items():
                if (method.upper(), path) not in WITHOUT_END:
                    yield (method.upper(), path), operation

    def concrete(self, path: str, **changed: str) -> str:
        for name, value in {**self.paths, **changed}.items():
            path = path.replace(f"{{{name}}}", value)
        return path

    async def call(
        self,
        *,
        who: str,
        operation: Operation,
        path: str,
        what: str,
        body: bytes | None = None,
        headers: dict[str, Any] | None = None,
    ) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {self.callers[who]}"}
        answer = await self.rig.client.request(
            operation[0], path, content=body, headers={**JSON, **bearer, **(headers or {})}
        )
        self.seen[answer.status_code] += 1
        if answer.status_code >= 500 or len(answer.content) > LONGEST_ANSWER:
            told = f"{len(answer.content)} bytes: {answer.text[:150]}"
            self.wrong.append(f"{who} {operation} {what}: {answer.status_code} {told}")
        return answer


def caller_of(operation: Operation) -> str:
    if operation[1] == "/v1/auth/logout":
        return "leaving"
    if operation[1] in ("/v1/calls", "/v1/leads"):
        return operation[1].removeprefix("/v1/")
    return "operator" if operation[1].startswith("/v1/organizations") else "boss"


@pytest.fixture
async def walk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Walk]:
    monkeypatch.setattr(jobs, "_SHORT_S", 0)  # nobody works on jobs here
    monkeypatch.setattr(kept_jobs, "refuse_too_many", lambda *_: None)
    monkeypatch.setattr(presence, "_SHOWN_WITHIN_S", 0)
    monkeypatch.setattr(MongoViews, "wait_until_caught_up", _at_once)  # nor folds anything
    monkeypatch.setattr(MongoDeadLetters, "_wait_until_folded", _at_once)
    monkeypatch.setattr(dead_letters, "WAIT_S", 0)
    monkeypatch.setattr(ViewProgress, "show", _at_once)
    monkeypatch.setattr(CommandSender, "assign", _carry_out)
    monkeypatch.setattr(CrmCommandSender, "carry_out", _decide)
    clock = ManualClock(START)
    async with running(
        InMemoryLog(clock), clock, strict_database(), projecting=False, streaming=False
    ) as rig:
        app = create_app(rig.gateway)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            rig.client = client
            rig.anybody, rig.operator = User(client), User(client, OPERATOR)
            yield await begin_walk(rig)


async def _at_once(*_: object) -> None:
    return


async def _carry_out(
    commands: CommandSender, command: AssignConversation, partition: int | None
) -> CommandSettled:
    """As the router answers a command that it was sent, and could read."""
    await commands.send([AddressedCommand(command, partition)])
    return CommandSettled(
        command_id=command.command_id,
        organization=command.organization,
        conversation_id=command.conversation_id,
        outcome=Outcome.APPLIED,
        version=1,
        agent_id=command.agent_id,
    )


async def _decide(_: CrmCommandSender, command: CrmCommand) -> CrmCommandSettled:
    """As the CRM answers a command that it could read."""
    decode_typed(command.type.encode(), encode_data(command))
    return CrmCommandSettled(
        command_id=command.command_id,
        organization=command.organization,
        contact_id=command.contact_id if isinstance(command, ContactCommand) else None,
        outcome=CrmOutcome.APPLIED,
        version=2,
    )


async def begin_walk(rig: Rig) -> Walk:
    """With one of everything."""
    boss = await rig.organization()
    await rig.organization("other")
    await boss.done("PUT", "/v1/settings", {"assignment": True, "take_unassigned": True})
    await boss.done("PUT", "/v1/departments/sales", {"name": "Sales"})
    await boss.done("PUT", "/v1/departments/sales/regions/north", {"name": "North"})
    lan = await rig.staff(boss, "lan")
    body = {"organization": "shop", "username": "lan", "password": "s3cret"}
    tokens = await rig.anybody.done("POST", "/v1/auth/login", body)
    leaving = await rig.anybody.done("POST", "/v1/auth/login", body)
    callers = {"boss": boss.token or "", "lan": lan.token or "", "operator": OPERATOR}
    callers["leaving"] = leaving["access_token"]
    center = {"name": "Tổng đài", "kind": "calls"}
    await boss.done("PUT", "/v1/integrations/tong-dai", center)
    for kind in ("calls", "leads"):
        made = await boss.done("PUT", f"/v1/integrations/{kind}", {"name": kind, "kind": kind})
        callers[kind] = made["token"]
    walk = Walk(rig, callers, (await rig.client.get("/openapi.json")).json())
    walk.bodies["POST", "/v1/auth/refresh"] = ({"refresh_token": tokens["refresh_token"]},)
    walk.bodies["POST", "/v1/auth/logout"] = ({"refresh_token": leaving["refresh_token"]},)
    made = {"name": "W", "username": "walked", "role": "agent"}
    await boss.done("PUT", "/v1/agents/walked", made)
    page = await boss.done("PUT", "/v1/pages/chat", {"channel": "livechat", "name": "Chat"})
    walk.paths["app_id"] = page["app_id"]
    login = {"redirect_uri": "https://inbox.example/back"}
    state = (await boss.done("POST", "/v1/pages/connect/facebook", login))["state"]
    for path in ("connect/callback", "connect/{channel}/callback"):
        (body,) = BODIES["POST", f"/v1/pages/{path}"]
        walk.bodies["POST", f"/v1/pages/{path}"] = ({**body, "state": state},)
    job = await boss.done(
        "POST", "/v1/conversations/bulk", {"ids": [THREAD], "set": {"done": True}}
    )
    walk.paths["job_id"] = job["id"]
    walk.paths["attachment_id"] = (await boss.upload(b"GIF89a")).json()["id"]
    file = LinkedFile(OrganizationId("shop"), AttachmentId(walk.paths["attachment_id"]))
    walk.paths["link"] = rig.gateway.file_links.make(file, rig.gateway.clock.now())
    return walk


async def begin_all(walk: Walk) -> set[Operation]:
    """Calls each route as it is meant to be; those that were not carried out."""
    order = ["POST", "PUT", "PATCH", "GET"]
    failed = set()
    found = [one for one, _ in walk.operations() if one[0] in order]
    # What others name comes first: groups before links, pages before rules.
    for operation in sorted(found, key=lambda one: (order.index(one[0]), -len(BODIES), one[1])):
        for body in walk.bodies.get(operation, (None,)):
            content = None if body is None else json.dumps(body).encode()
            path = walk.concrete(operation[1])
            answer = await walk.call(
                who=caller_of(operation),
                operation=operation,
                path=path,
                body=content,
                what="as meant",
            )
            if not answer.is_success:
                failed.add(operation)
    return failed


async def test_the_walk_reaches_every_route_and_knows_every_field(walk: Walk) -> None:
    failed = await begin_all(walk)
    assert failed <= NOT_HERE
    named = {
        (operation, part)
        for operation, bodies in walk.bodies.items()
        for body in bodies
        for place in places(body)
        for part in place
        if isinstance(part, str)
    }
    shapes = walk.schema["components"]["schemas"]
    for operation, described in walk.operations():
        if "requestBody" not in described:
            continue
        shape = described["requestBody"]["content"].get("application/json", {}).get("schema", {})
        for field in fields(shape, shapes) - UNSET:
            assert (operation, field) in named, (operation, field)


def fields(shape: dict[str, Any], shapes: dict[str, Any]) -> set[str]:
    """The names of all fields below a schema."""
    found: set[str] = set(shape.get("properties", {}))
    below = [*shape.get("properties", {}).values(), *shape.get("anyOf", [])]
    below += [shape["items"]] if "items" in shape else []
    if "$ref" in shape:
        below.append(shapes[shape["$ref"].rpartition("/")[2]])
    return found.union(*(fields(one, shapes) for one in below)) if below else found


async def test_r9_5_no_field_of_a_body_makes_a_mistake_of_ours(walk: Walk) -> None:
    await begin_all(walk)
    for operation, bodies in walk.bodies.items():
        path = walk.concrete(operation[1])
        who = caller_of(operation)
        for body in bodies:
            for place in places(body):
                for name, odd in ODD.items():
                    if place and name in OF_A_WHOLE_BODY:
                        continue
                    content = replace_value(body, place, odd)
                    what = f"{_format_place(place)} {name}"
                    await walk.call(
                        who=who, operation=operation, path=path, body=content, what=what
                    )
    assert not walk.wrong, "\n".join(walk.wrong[:20])
    assert (await User(walk.rig.client, walk.callers["boss"]).get("/v1/me")).status_code == 200
    assert walk.seen[200] + walk.seen[201] + walk.seen[202] > 50
    assert walk.seen[422] > 1_000


async def test_r9_5_no_field_of_a_connected_account_makes_a_mistake_of_ours(walk: Walk) -> None:
    operation = ("PUT", "/v1/pages/{page_id}")
    for body in (ACCOUNT, {**ACCOUNT, "credentials": None, "connection": "not-begun"}):
        for place in places(body):
            for name, odd in ODD.items():
                await walk.call(
                    who="boss",
                    operation=operation,
                    path="/v1/pages/account",
                    body=replace_value(body, place, odd),
                    what=f"{_format_place(place)} {name}",
                )
    assert not walk.wrong, "\n".join(walk.wrong[:20])
    assert walk.seen[422] > 100


def _format_place(place: Place) -> str:
    return ".".join(str(part) for part in place)


async def test_r9_5_no_parameter_makes_a_mistake_of_ours(walk: Walk) -> None:
    await begin_all(walk)
    for operation, described in walk.operations():
        if operation[0] == "DELETE":
            continue
        bodies = walk.bodies.get(operation, (None,))
        content = None if bodies[0] is None else json.dumps(bodies[0]).encode()
        for parameter in described.get("parameters", []):
            for name, odd in ODD_IN_URL.items():
                what = f"{parameter['name']} {name}"
                if parameter["in"] == "query":
                    path = f"{walk.concrete(operation[1])}?{parameter['name']}={odd}"
                elif parameter["in"] == "path":
                    path = walk.concrete(operation[1], **{parameter["name"]: odd})
                else:
                    continue
                await walk.call(
                    who=caller_of(operation),
                    operation=operation,
                    path=path,
                    body=content,
                    what=what,
                )
    assert not walk.wrong, "\n".join(walk.wrong[:20])
    assert walk.seen[422] > 300


async def test_r9_5_no_header_makes_a_mistake_of_ours(walk: Walk) -> None:
    await begin_all(walk)
    for operation in (
        ("PUT", f"/v1/conversations/{THREAD}/assignee"),
        ("PUT", "/v1/settings"),
        ("GET", "/v1/conversations"),
        ("GET", "/v1/organizations"),
        ("GET", walk.concrete("/livechat/{app_id}/departments")),
        ("POST", "/v1/auth/refresh"),
    ):
        for name, odd in ODD_HEADERS:
            content = b'{"agent_id": "lan"}' if operation[0] == "PUT" else None
            await walk.call(
                who="boss",
                operation=operation,
                path=operation[1],
                body=content,
                what=name,
                headers={name: odd},
            )
    assert not walk.wrong, "\n".join(walk.wrong[:20])


async def test_r9_5_an_agent_and_a_stranger_reach_no_mistake_either(walk: Walk) -> None:
    await begin_all(walk)
    walk.callers["stranger"] = "made.up.token"
    for who in ("lan", "stranger"):
        for operation, described in walk.operations():
            path = walk.concrete(operation[1])
            for name in ("nul", "huge", "deeper", "many", "null", "a megabyte"):
                if "requestBody" in described:
                    await walk.call(
                        who=who, operation=operation, path=path, body=ODD[name].encode(), what=name
                    )
            await walk.call(
                who=who, operation=operation, path=f"{path}?after=-1&cursor=a&limit=0", what="query"
            )
    assert not walk.wrong, "\n".join(walk.wrong[:20])
