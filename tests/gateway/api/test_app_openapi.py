"""The description of the interface covers all of it, and reads."""

from typing import Any

import pytest
from prometheus_client import generate_latest

from gateway.rig import Rig, User

METHODS = ("get", "put", "post", "patch", "delete")
WITHOUT_LOGIN = {
    ("post", "/v1/auth/login"),
    ("post", "/v1/auth/refresh"),
    ("post", "/v1/auth/openid/start"),
    ("post", "/v1/auth/openid/callback"),
}
PUBLIC = {
    ("get", "/livechat/{app_id}/departments"),
    ("get", "/livechat/{app_id}/widget.js"),
    ("get", "/livechat/files/{link}"),
}
"""What anybody may ask: there is nobody to be refused with 401."""

FILES = {
    ("get", "/v1/attachments/{attachment_id}"),
    ("get", "/v1/exports/{job_id}/file"),
    ("get", "/v1/imports/template.xlsx"),
    ("get", "/livechat/{app_id}/widget.js"),
    ("get", "/livechat/files/{link}"),
}
"""What answers with a file."""
STREAMS = {("get", "/v1/events"): "text/event-stream"}

TELLING = {
    "TokenPair",
    "ConnectedPage",
    "PageToken",
    "CreatedIntegrationView",
}
"""The answers that hand out a secret, once, to whoever it was made for."""


@pytest.fixture
async def schema(rig: Rig) -> dict[str, Any]:
    answer = await rig.client.get("/openapi.json")
    described: dict[str, Any] = answer.json()
    return described


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, item[method])
        for path, item in schema["paths"].items()
        for method in METHODS
        if method in item
    ]


async def test_every_route_has_its_words_and_its_shapes(schema: dict[str, Any]) -> None:
    found = operations(schema)
    assert len(found) > 20
    for method, path, operation in found:
        assert path.startswith("/v1/") or (method, path) in PUBLIC
        assert operation["tags"], path
        assert operation["summary"], path
        success = {int(code) for code in operation["responses"] if code.startswith("2")}
        assert success, path
        for code in success - {204}:
            if (method, path) in FILES:
                continue
            content = operation["responses"][str(code)]["content"]
            media_type = STREAMS.get((method, path), "application/json")
            assert content[media_type]["schema"], (method, path)


async def test_every_route_but_the_login_takes_a_token_and_says_its_problems(
    schema: dict[str, Any],
) -> None:
    for method, path, operation in operations(schema):
        public = (method, path) in PUBLIC
        if not public and (method, path) not in WITHOUT_LOGIN:
            assert operation["security"], path
        problems = {
            code: response for code, response in operation["responses"].items() if code[0] in "45"
        }
        assert {"422", "503"} <= problems.keys(), path
        assert public or "401" in problems, path
        for code, response in problems.items():
            reference = response["content"]["application/problem+json"]["schema"]["$ref"]
            assert reference == "#/components/schemas/Problem", (path, code)


async def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [one for value in part.values() for one in references(value)]
        if isinstance(part, list):
            return [one for value in part for one in references(value)]
        return []

    names = schema["components"]["schemas"].keys()
    assert {one.rpartition("/")[2] for one in references(schema)} <= names


async def test_every_body_is_strict_and_no_answer_has_a_secret(schema: dict[str, Any]) -> None:
    for method, path, operation in operations(schema):
        body = operation.get("requestBody")
        if body is None:
            continue
        if "multipart/form-data" in body["content"]:
            continue
        shape = body["content"]["application/json"]["schema"]
        names = [shape, *shape.get("anyOf", [])]
        (name,) = [one["$ref"].rpartition("/")[2] for one in names if "$ref" in one]
        if name == "Preferences":  # what they mean is up to the agent's program
            continue
        described = schema["components"]["schemas"][name]
        assert described["additionalProperties"] is False, (method, path)
    answers = [
        shape
        for name, shape in schema["components"]["schemas"].items()
        if shape.get("additionalProperties") is not False and name not in TELLING
    ]
    for shape in answers:
        assert not {"password", "hash", "token"} & shape.get("properties", {}).keys()


async def test_the_fixed_routes_are_there(schema: dict[str, Any]) -> None:
    described = {(method.upper(), path) for method, path, _ in operations(schema)}
    assert {
        ("POST", "/v1/auth/login"),
        ("POST", "/v1/auth/refresh"),
        ("POST", "/v1/organizations"),
        ("GET", "/v1/organizations"),
        ("PATCH", "/v1/organizations/{organization_id}"),
        ("GET", "/v1/me"),
        ("PUT", "/v1/agents/{agent_id}"),
        ("GET", "/v1/agents"),
        ("GET", "/v1/agents/{agent_id}"),
        ("DELETE", "/v1/agents/{agent_id}"),
        ("PUT", "/v1/support-team"),
        ("GET", "/v1/support-team"),
        ("PUT", "/v1/pages/{page_id}"),
        ("GET", "/v1/pages"),
        ("GET", "/v1/pages/{page_id}"),
        ("DELETE", "/v1/pages/{page_id}"),
        ("PUT", "/v1/settings"),
        ("GET", "/v1/settings"),
        ("PUT", "/v1/rules/{rule_id}"),
        ("GET", "/v1/rules"),
        ("GET", "/v1/rules/{rule_id}"),
        ("DELETE", "/v1/rules/{rule_id}"),
        *(
            (method, f"/v1/{path}")
            for method in ("PUT", "GET", "DELETE")
            for path in (
                "departments/{department_id}",
                "departments/{department_id}/regions/{region_id}",
                "groups/{group_id}",
                "links/{link_id}",
            )
        ),
        ("GET", "/v1/departments"),
        ("GET", "/v1/departments/{department_id}/regions"),
        ("GET", "/v1/groups"),
        ("GET", "/v1/links"),
        ("POST", "/v1/pages/{page_id}/token"),
        ("POST", "/v1/pages/connect/{channel}"),
        ("POST", "/v1/pages/connect/{channel}/callback"),
        ("POST", "/v1/pages/connect/callback"),
        ("GET", "/livechat/{app_id}/departments"),
        ("GET", "/livechat/{app_id}/widget.js"),
        ("PUT", "/v1/presence"),
        ("POST", "/v1/presence/heartbeat"),
        ("GET", "/v1/presence"),
        ("PUT", "/v1/conversations/{conversation_id}/assignee"),
        ("GET", "/v1/conversations/{conversation_id}/assignments"),
        ("PUT", "/v1/conversations/{conversation_id}/done"),
        ("POST", "/v1/conversations/bulk"),
        ("POST", "/v1/agents/{agent_id}/handover"),
        ("GET", "/v1/jobs"),
        ("GET", "/v1/jobs/{job_id}"),
        ("POST", "/v1/attachments"),
        ("GET", "/v1/attachments/{attachment_id}"),
        ("GET", "/v1/posts"),
        ("GET", "/v1/posts/{post_id}/comments"),
    } <= described


async def test_no_route_is_open_to_somebody_without_a_login(
    rig: Rig, schema: dict[str, Any]
) -> None:
    for method, path, _ in operations(schema):
        if (method, path) in WITHOUT_LOGIN | PUBLIC:
            continue
        concrete = path.replace("{", "").replace("}", "")
        answer = await rig.anybody.call(method.upper(), concrete, {})
        assert answer.status_code == 401, (method, path)


async def test_requests_are_measured_by_template(rig: Rig, boss: User) -> None:
    await boss.get("/v1/agents/admin")
    await boss.get("/v1/never/heard/of")
    lines = generate_latest().decode().splitlines()
    counts = [
        line for line in lines if line.startswith("tuyen_http_request_duration_seconds_count")
    ]
    assert any('route="/v1/agents/{agent_id}",status="200"' in line for line in counts)
    assert any('route="none",status="404"' in line for line in counts)
    assert not any("never" in line for line in counts)


async def test_it_is_ready_once_the_tables_have_caught_up(rig: Rig) -> None:
    for path in ("/livez", "/readyz"):
        assert (await rig.client.get(path)).status_code == 200
    assert (await rig.client.get("/metrics")).status_code == 404
