"""The running stack as the demo meets it: webhooks in front, the gateway's API behind."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from tuyen_local.demo import webhooks
from tuyen_local.demo.why import AssignmentRecord

_DEADLINE_S = 20.0
"""Twice what a router that was killed takes to be back: until its session at Kafka ends, 10 s."""
_POLL_S = 0.05
_SESSION = "demo"
"""One name for all runs: a run that was killed leaves no second session behind (R8.1)."""

_T = TypeVar("_T")


class NotAsExpected(Exception):
    """What did not come, in one sentence."""


@dataclass(frozen=True, slots=True)
class DemoConversation:
    """`version` counts the changes of the assignee."""

    id: str
    agent_id: str | None
    version: int


class Shop:
    """One organization, seen by its administrator and by agents who log in.

    Everything that does not come within `deadline_s` raises NotAsExpected.
    """

    def __init__(
        self,
        gateway: httpx.AsyncClient,
        ingest: httpx.AsyncClient,
        organization: str,
        app_secret: str,
        deadline_s: float = _DEADLINE_S,
    ) -> None:
        self._gateway = gateway
        self._ingest = ingest
        self._organization = organization
        self._app_secret = app_secret
        self._deadline_s = deadline_s
        self._tokens: dict[str, str] = {}

    async def log_in(self, username: str, password: str) -> None:
        """Logs in; the other methods then act `as_` this username."""
        body = {"organization": self._organization, "username": username, "password": password}
        answer = await self._call("POST", "/v1/auth/login", json=body)
        self._tokens[username] = str(answer["access_token"])

    async def settings(self, as_: str) -> Mapping[str, Any]:
        return await self._call("GET", "/v1/settings", as_)

    async def change_settings(self, as_: str, settings: Mapping[str, Any]) -> None:
        await self._call("PUT", "/v1/settings", as_, json=settings)

    async def set_presence(self, agent: str, status: str) -> float:
        """Of the demo's own session; its lease in seconds."""
        body = {"status": status, "session": _SESSION}
        return float((await self._call("PUT", "/v1/presence", agent, json=body))["lease_s"])

    async def await_presence(self, as_: str, agent: str, status: str) -> None:
        """Returns once the viewer sees the agent so."""

        async def read_presence() -> bool | None:
            listed = await self._call("GET", "/v1/presence", as_)
            now = {each["agent_id"]: each["presence"] for each in listed["items"]}
            return True if now.get(agent) == status else None

        await self._until(
            read_presence, f"{agent} is not {status}; is there another login of theirs?"
        )

    async def heartbeat(self, agent: str) -> None:
        await self._call("POST", "/v1/presence/heartbeat", agent, json={"session": _SESSION})

    async def send(self, body: bytes) -> None:
        """Delivers a signed webhook, once."""
        headers = {
            webhooks.SIGNATURE_HEADER: webhooks.signature(self._app_secret, body),
            "Content-Type": "application/json",
        }
        answer = await self._ingest.post("/webhooks/facebook", content=body, headers=headers)
        if answer.status_code != httpx.codes.OK:
            raise NotAsExpected(f"the webhook was answered {answer.status_code}: {answer.text}")

    async def conversation(
        self,
        as_: str,
        *,
        kind: str,
        external_id: str,
        message: str,
        wanted: Callable[[DemoConversation], bool],
        expected: str,
    ) -> DemoConversation:
        """The conversation, once it shows the message with this id and is as `wanted`.

        `expected` says what did not come when it does not.
        """

        async def found() -> DemoConversation | None:
            filters = {"kind": kind, "external_id": external_id}
            listed = await self._call("GET", "/v1/conversations", as_, params=filters)
            for item in listed["items"]:
                conversation = _conversation(item)
                if wanted(conversation) and await self._shows(as_, conversation.id, message):
                    return conversation
            return None

        return await self._until(found, expected)

    async def assignee(self, as_: str, conversation: DemoConversation) -> str | None:
        """Who has it now."""
        item = await self._call("GET", f"/v1/conversations/{conversation.id}", as_)
        return _conversation(item).agent_id

    async def last_assignment(self, as_: str, conversation: DemoConversation) -> AssignmentRecord:
        """The newest entry of its history, once the history shows it."""

        async def found() -> Mapping[str, Any] | None:
            path = f"/v1/conversations/{conversation.id}/assignments"
            listed = await self._call("GET", path, as_)
            return next(
                (each for each in listed["items"] if each["version"] == conversation.version), None
            )

        missing = f"the history of {conversation.id} does not show version {conversation.version}"
        return AssignmentRecord.read(await self._until(found, missing))

    async def assign(self, as_: str, conversation: DemoConversation, agent: str, note: str) -> int:
        """Manually (R6); the version of the new assignee."""
        path = f"/v1/conversations/{conversation.id}/assignee"
        answer = await self._call("PUT", path, as_, json={"agent_id": agent, "note": note})
        return int(answer["version"])

    async def _shows(self, as_: str, conversation: str, message: str) -> bool:
        path = f"/v1/conversations/{conversation}/messages"
        listed = await self._call("GET", path, as_, params={"limit": 200})
        return any(each["external_id"] == message for each in listed["items"])

    async def _until(self, found: Callable[[], Awaitable[_T | None]], expected: str) -> _T:
        end = time.monotonic() + self._deadline_s
        while (value := await found()) is None:
            if time.monotonic() > end:
                raise NotAsExpected(f"after {self._deadline_s:g} s {expected}")
            await asyncio.sleep(_POLL_S)
        return value

    async def _call(
        self, method: str, path: str, as_: str | None = None, **request: Any
    ) -> Mapping[str, Any]:
        headers = {} if as_ is None else {"Authorization": f"Bearer {self._tokens[as_]}"}
        answer = await self._gateway.request(method, path, headers=headers, **request)
        if not answer.is_success:
            raise NotAsExpected(f"{method} {path} was answered {answer.status_code}: {answer.text}")
        content: Mapping[str, Any] = answer.json()
        return content


def _conversation(item: Mapping[str, Any]) -> DemoConversation:
    assignee = item["assignee"]
    return DemoConversation(
        id=item["id"],
        agent_id=None if assignee is None else assignee["agent_id"],
        version=item["version"],
    )
