"""What the channel double was called, and when."""

import asyncio
from datetime import datetime

import httpx

_GIVE_UP_S = 120.0
_POLL_S = 0.5


class DoubleCalls:
    """The messages that were sent at Facebook's double. Each has another text."""

    def __init__(self, double: httpx.AsyncClient) -> None:
        self._double = double
        self._last = 0

    async def wait_for(self, count: int) -> dict[str, float]:
        """When each of the next `count` messages was sent, in seconds since 1970, by its text. The
        double tells it in milliseconds, of the clock that all processes here share."""
        async with asyncio.timeout(_GIVE_UP_S):
            while True:
                sent: dict[str, str | int] = {
                    "channel": "facebook",
                    "action": "send",
                    "after": self._last,
                }
                answer = await self._double.get("/_double/calls", params=sent)
                found = answer.raise_for_status().json()
                if len(found["items"]) >= count:
                    break
                await asyncio.sleep(_POLL_S)
        self._last = found["last"]
        refused = [each for each in found["items"] if each["answered"]["status"] != httpx.codes.OK]
        if refused:
            raise RuntimeError(f"the double refused {len(refused)} calls, the first: {refused[0]}")
        return {
            each["text"]: datetime.fromisoformat(each["at"]).timestamp() for each in found["items"]
        }
