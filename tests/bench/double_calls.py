"""What the channel double was called, and when."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

import httpx

_GIVE_UP_S = 120.0
_POLL_S = 0.5


class DoubleCalls:
    """The messages that were sent at Facebook's double. Each has another text."""

    def __init__(self, double: httpx.AsyncClient) -> None:
        self._double = double
        self._last = 0
        self._sent: dict[str, float] = {}

    async def wait_for(self, texts: Iterable[str]) -> Mapping[str, float]:
        """Returns once all `texts` were sent: when each message was, in seconds since 1970, by its
        text. The double tells it in milliseconds, of the clock that all processes here share."""
        wanted = set(texts)
        async with asyncio.timeout(_GIVE_UP_S):
            await self._read()
            while wanted - self._sent.keys():
                await asyncio.sleep(_POLL_S)
                await self._read()
        return self._sent

    async def _read(self) -> None:
        after = {"channel": "facebook", "action": "send", "after": str(self._last)}
        answer = await self._double.get("/_double/calls", params=after)
        found = answer.raise_for_status().json()
        for each in found["items"]:
            if each["answered"]["status"] != httpx.codes.OK:
                raise RuntimeError(f"the double refused {each}")
            self._sent[each["text"]] = datetime.fromisoformat(each["at"]).timestamp()
            self._last = each["seq"]
