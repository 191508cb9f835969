"""The channel doubles as a process that no fault of a plan strikes, and how it is steered."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx

from faults.tenants import Json
from support.processes import eventually
from tuyen_doubles.calls import MOST_CALLS
from tuyen_doubles.registry import host_paths
from tuyen_local.addresses import HOST
from tuyen_local.supervisor import Program, Supervisor

_ANSWER_WITHIN_S = 60.0
"""What a customer writes is answered once ingest has it, or after 10 s; the machine is busy."""
_SERVES_WITHIN_S = 60.0
_REFUSED_FROM = 400
_FILE = "attachment_id"
"""How both channels call what a file became by its upload."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelCall:
    """A call as the channel recorded it, numbered in the order in which they came. `error` is the
    code with which it was refused; None if the channel carried it out. `file`: it sends a file that
    was uploaded."""

    seq: int
    account: str | None
    action: str
    to: str | None = None
    text: str | None = None
    error: str | None = None
    file: bool = False

    @classmethod
    def read(cls, item: Json) -> Self:
        names = ("seq", "account", "action", "to", "text")
        return cls(
            **{name: item[name] for name in names},
            error=find_error(item["answered"]),
            file=_FILE in json.dumps(item["body"]),
        )


def find_error(answered: Json) -> str | None:
    """The channel's code in an answer, or the status of one that has none. None if the call was
    carried out, whatever was answered."""
    if answered.get("carried_out"):
        return None
    body = answered["body"]
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return str(error["code"])
    if error:
        return str(error)
    return str(answered["status"]) if answered["status"] >= _REFUSED_FROM else None


class Doubles:
    """The doubles at `url`, and in `calls` what they were called, as far as it was read."""

    def __init__(self, port: int, directory: Path, say: Callable[[str], None]) -> None:
        self.url = f"http://{HOST}:{port}"
        self.calls: list[ChannelCall] = []
        self._port = port
        self._log = directory / "logs" / "doubles.log"
        self._keeper = Supervisor(say)
        self._client = httpx.AsyncClient(
            base_url=self.url, timeout=_ANSWER_WITHIN_S, trust_env=False
        )
        self._read_until = 0

    def addresses(self) -> dict[str, str]:
        """What services are told in place of the channels' own addresses."""
        return {name.upper(): self.url + path for name, path in host_paths().items()}

    async def start(self, ingest_url: str, settings: Mapping[str, str]) -> None:
        """With the apps and secrets of the services' `settings`. Returns once they serve."""
        own = {"HOST": HOST, "PORT": str(self._port), "INGEST_URL": ingest_url}
        env = os.environ | settings | {f"TUYEN_{key}": value for key, value in own.items()}
        argv = [sys.executable, "-m", "tuyen_doubles"]
        await self._keeper.start(Program(name="doubles", argv=argv, env=env, log=self._log))
        await eventually(self._serves, lambda: f"the doubles: see {self._log}", _SERVES_WITHIN_S)

    async def _serves(self) -> bool:
        try:
            return (await self._client.get("/readyz")).is_success
        except httpx.TransportError:
            return False

    async def stop(self) -> None:
        await self._client.aclose()
        await self._keeper.stop()

    async def say(self, **said: Any) -> Json:
        """A customer writes; the channel's id, and whether ingest has it."""
        answer = await self._client.post("/_double/say", json=said)
        return dict(answer.raise_for_status().json())

    async def put_fault(self, **fault: Any) -> None:
        (await self._client.put("/_double/faults", json=fault)).raise_for_status()

    async def has_fault(self, **fault: Any) -> bool:
        """Whether a fault still waits for a call."""
        answer = await self._client.get("/_double/faults")
        waiting = answer.raise_for_status().json()["items"]
        return any(fault.items() <= each.items() for each in waiting)

    async def delete_faults(self) -> None:
        """Calls are answered as usual again."""
        (await self._client.delete("/_double/faults")).raise_for_status()

    async def revoke(self, channel: str, token: str) -> None:
        """Every call with this token is refused from now on."""
        body = {"channel": channel, "token": token, "revoked": True}
        (await self._client.put("/_double/tokens", json=body)).raise_for_status()

    async def read_calls(self) -> None:
        """Adds what was called since the last time, of which the doubles must not have forgotten
        anything."""
        answer = await self._client.get("/_double/calls", params={"after": self._read_until})
        found = answer.raise_for_status().json()
        assert found["last"] - self._read_until <= MOST_CALLS, "calls were not read in time"
        self._read_until = found["last"]
        self.calls += map(ChannelCall.read, found["items"])
