"""Faults that a test or a person switches on: how the next calls are answered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tuyen_doubles.calls import DoubleAction

MOST_FAULTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleFault:
    """Which calls are hit, how many of them, and what happens to them.

    Without `action` it hits every expected action, without `account` those of every page.
    `status` and `body` replace the answer, and the call is not carried out. Without them, and
    always with `drop_answer` or `carry_out`, it is carried out.
    """

    channel: str
    action: DoubleAction | None = None
    account: str | None = None
    status: int | None = None
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_ms: int = 0
    """How long the answer takes; what is carried out is carried out before."""
    carry_out: bool = False
    """What `status` and `body` say is not true: the call is carried out before."""
    drop_answer: bool = False
    """The connection is cut in place of the answer."""
    drop_echo: bool = False
    """No webhook reports what was carried out."""
    times: int = 1

    @property
    def replaces_answer(self) -> bool:
        return not self.drop_answer and (self.status is not None or self.body is not None)

    @property
    def carries_out(self) -> bool:
        return self.carry_out or not self.replaces_answer

    def hits(self, channel: str, action: DoubleAction, account: str | None) -> bool:
        if channel != self.channel or self.account not in (None, account):
            return False
        return action is self.action or (self.action is None and action.is_expected)

    @property
    def key(self) -> "FaultKey":
        return (self.channel, self.action, self.account)


FaultKey = tuple[str, DoubleAction | None, str | None]
"""Which calls a fault hits."""


class TooManyFaultsError(Exception):
    """There are as many faults as may be at one time."""


class FaultTable:
    """The faults that are switched on, in the order in which they were."""

    def __init__(self) -> None:
        self._left: dict[FaultKey, tuple[DoubleFault, int]] = {}

    def put(self, fault: DoubleFault) -> None:
        """Switches a fault on, in place of one that hits the same calls. Raises
        TooManyFaultsError."""
        self._left.pop(fault.key, None)
        if len(self._left) >= MOST_FAULTS:
            raise TooManyFaultsError
        self._left[fault.key] = (fault, fault.times)

    def clear(self, channel: str | None = None) -> None:
        """Switches off all faults, or those of one channel."""
        if channel is None:
            self._left.clear()
        else:
            self._left = {key: left for key, left in self._left.items() if key[0] != channel}

    def take(self, channel: str, action: DoubleAction, account: str | None) -> DoubleFault | None:
        """The first fault that hits a call, which counts as one of its times."""
        for key, (fault, left) in self._left.items():
            if fault.hits(channel, action, account):
                if left > 1:
                    self._left[key] = (fault, left - 1)
                else:
                    del self._left[key]
                return fault
        return None

    def left(self) -> list[tuple[DoubleFault, int]]:
        """Each fault that is on, and how many calls it will still hit."""
        return list(self._left.values())
