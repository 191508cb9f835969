"""Carries out the faults of a plan at the channels: how the doubles answer, and what dies then."""

import asyncio
import json
import signal
from collections.abc import Mapping, Sequence

from faults.cluster import Cluster
from faults.journal import Journal
from faults.replying import Replying
from faults.tenants import ACCOUNTS, CHANNELS, Json

_ACTIONS: Mapping[str, Sequence[str]] = {
    "facebook": ("send", "send", "send", "comment", "private_reply", "hide", "like"),
    "zalo": ("send",),
}
_ANSWERED_AFTER_MS = 3_000
"""Long enough to kill who waits for the answer, shorter than calls are waited for."""
_CALLED_WITHIN_S, _POLL_S = 8.0, 0.1
_PAUSE_MIN = 0.05
"""The pause that Facebook asks for, in its own unit."""


class ChannelFaults:
    """Every fault is over when its `inject` returns, but for what the next calls are answered."""

    def __init__(self, cluster: Cluster, replying: Replying, journal: Journal) -> None:
        self._cluster, self._replying, self._journal = cluster, replying, journal

    async def inject(self, fault: Json) -> None:
        """Does nothing where nobody has written to the channel yet."""
        doubles = self._cluster.doubles
        match fault["what"]:
            case "kill call":
                done = await self._kill_call(fault)
            case "kill token":
                done = await self._kill_token(fault)
            case _:
                await doubles.put_fault(**describe_fault(fault))
                done = fault["target"]
        await doubles.read_calls()
        if done is not None:
            counted = f"{fault['what']} {fault['target']}"
            self._journal.note("fault", counted=counted, fault=fault, on=done)

    async def _kill_call(self, fault: Json) -> str | None:
        """Kills all senders when the channel has carried a call out and not answered it yet: the
        result of it is noted nowhere."""
        channel = CHANNELS[int(fault["amount"] * len(CHANNELS)) % len(CHANNELS)]
        action = choose_action(channel, fault["which"])
        action = action if action in ("send", "comment") else "send"
        spoken = self._replying.last_spoken(channel=channel, comment=action == "comment")
        if spoken is None:
            return None
        waiting = {"channel": channel, "action": action, "account": spoken.account.external_id}
        doubles = self._cluster.doubles
        await doubles.put_fault(**waiting, delay_ms=_ANSWERED_AFTER_MS)
        await self._replying.answer(spoken)
        for _ in range(int(_CALLED_WITHIN_S / _POLL_S)):
            if not await doubles.has_fault(**waiting):
                break
            await asyncio.sleep(_POLL_S)
        else:
            return None  # the senders have been killed for another reason, or cannot reach Kafka
        for service in self._cluster.of("outbound"):
            service.send(signal.SIGKILL)
        return spoken.account.page

    async def _kill_token(self, fault: Json) -> str | None:
        accounts = [each for each in ACCOUNTS if each.channel == fault["target"]]
        account = accounts[int(fault["which"] * len(accounts))]
        stopped = await self._replying.stop_for(account, fault["lasts_s"])
        return account.page if stopped else None


def choose_action(channel: str, which: float) -> str:
    actions = _ACTIONS[channel]
    return actions[int(which * len(actions))]


def describe_fault(fault: Json) -> Json:
    """What the double is told: `PUT /_double/faults`."""
    channel = fault["target"]
    about: Json = {"channel": channel, "action": choose_action(channel, fault["which"])}
    match fault["what"]:
        case "lose answers":
            return {**about, "drop_answer": True, "times": 2}
        case "lose answers and echoes":
            return {**about, "drop_answer": True, "drop_echo": True}
        case "break":
            unavailable = {"status": 503, "body": "<html>Service Unavailable</html>", "times": 2}
            # Of comments the channel can be asked, whenever that is; echoes may come too late.
            return {**about, **unavailable, "carry_out": about["action"] == "comment"}
        case "refuse":
            return {**about, "action": "send", **_REFUSALS[channel]}
        case "throttle":
            return {**about, **_THROTTLES[channel]}
        case other:
            raise ValueError(f"there is no fault {other!r}")


_REFUSALS: Mapping[str, Json] = {
    "facebook": {
        "status": 400,
        "body": {
            "error": {
                "message": "(#551) This person isn't available right now.",
                "type": "OAuthException",
                "code": 551,
                "error_subcode": 1545041,
            }
        },
    },
    "zalo": {"status": 200, "body": {"error": -217, "message": "User has blocked this OA"}},
}
"""For good: the customer cannot be written to."""

_THROTTLES: Mapping[str, Json] = {
    "facebook": {
        "status": 400,
        "headers": {
            "x-business-use-case-usage": json.dumps(
                {"1": [{"type": "pages", "estimated_time_to_regain_access": _PAUSE_MIN}]}
            )
        },
        "body": {"error": {"message": "(#32) Page request limit reached", "code": 32}},
    },
    "zalo": {"status": 200, "body": {"error": -32, "message": "Rate limit is reached"}},
}
"""Of a page at Facebook, of the whole app at Zalo: there for a minute."""
