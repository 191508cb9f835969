"""Open sets at the interface: answers keep what is not known, requests may not name it."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.rig import Rig, User
from support.organizations import directory_record, rule, settings
from tuyen_events.directory import Member
from tuyen_events.ids import AgentId
from tuyen_events.topics import DIRECTORY
from tuyen_events.vocabulary import Capability, Channel, OpenWord, Strategy, WhenNobody
from tuyen_platform.kafka.memory import InMemoryLog


async def test_what_a_later_gateway_set_up_is_shown_as_it_is(
    rig: Rig, boss: User, log: InMemoryLog
) -> None:
    boss_by_mail = Member(agent_id=AgentId("boss"), capabilities=(Capability("email_message"),))
    for event in (
        rule("r", [boss_by_mail], mode=Strategy("weighted")),
        settings(version=1, when_nobody=WhenNobody("call_a_manager")),
    ):
        await log.append(DIRECTORY, *directory_record(event))
    await rig.gateway.directory.table.require_current()

    shown = await boss.done("GET", "/v1/rules/r")
    assert shown["mode"] == "weighted"
    assert shown["members"][0]["capabilities"] == ["email_message"]
    changed = await boss.done("PUT", "/v1/settings", {"assignment": True})
    assert changed["when_nobody"] == "call_a_manager"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/rules/r", {"name": "r", "enabled": True, "mode": "weighted"}),
        ("PUT", "/v1/rules/r", {"name": "r", "enabled": True, "applies_to": "on_shift"}),
        (
            "PUT",
            "/v1/rules/r",
            {
                "name": "r",
                "enabled": True,
                "members": [{"agent_id": "boss", "capabilities": ["email_message"]}],
            },
        ),
        ("PUT", "/v1/pages/p", {"channel": "email", "external_id": "1", "name": "Thư"}),
        ("PUT", "/v1/settings", {"when_nobody": "call_a_manager"}),
        ("GET", "/v1/conversations?channel=email", None),
        ("GET", "/v1/conversations/counts?channel=email", None),
        ("POST", "/v1/conversations/bulk", {"filter": {"channel": "email"}, "set": {"done": True}}),
    ],
)
async def test_a_request_names_what_is_known(
    boss: User, method: str, path: str, body: dict[str, Any] | None
) -> None:
    answer = await boss.call(method, path, body)
    assert answer.status_code == 422
    assert "Input should be" in answer.text


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


async def test_open_sets_are_open_in_answers_and_in_answers_alone(rig: Rig) -> None:
    schema = (await rig.client.get("/openapi.json")).json()
    shapes = schema["components"]["schemas"]
    open_sets = {words.__name__ for words in OpenWord.__subclasses__()} & shapes.keys()
    assert shapes["Channel"]["x-extensible-enum"] == [each.value for each in Channel]
    for name in open_sets:
        assert "enum" not in shapes[name]
        assert shapes[name]["x-extensible-enum"]
    asked = [
        part
        for path in schema["paths"].values()
        for operation in path.values()
        for part in (operation.get("requestBody", {}), operation.get("parameters", []))
    ]
    reached: set[str] = set()
    following = set(references(asked))
    while following - reached:
        reached |= following
        following = {name for shape in reached for name in references(shapes[shape])}
    assert not reached & open_sets
