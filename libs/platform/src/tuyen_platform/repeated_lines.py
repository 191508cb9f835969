"""Keeps a library that tries again and again from filling the log."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 60.0
_KINDS = 500
"""Kinds of lines that are remembered."""


@dataclass(slots=True)
class _Kind:
    """Lines that differ in their values alone."""

    next_at: float
    wait_s: float
    left_out: int = 0


class RepeatedLines(logging.Filter):
    """Passes a line of the named libraries on, and leaves out what is like it for a while: for 1 s
    at first, and then twice as long each time, up to a minute. The next one says how many were left
    out. A kind of line that did not come for so long again is new.

    In an outage of Kafka, each consumer and producer tries every broker ten times a second, and
    logs each attempt.
    """

    def __init__(self, *libraries: str, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._libraries = libraries
        self._now = now
        self._kinds: dict[tuple[str, int, str], _Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in self._libraries:
            return True
        now, name = self._now(), (record.name, record.levelno, str(record.msg))
        kind = self._kinds.get(name)
        if kind is not None and now < kind.next_at:
            kind.left_out += 1
            return False
        if kind is None or now >= kind.next_at + kind.wait_s:
            kind = _Kind(now, _FIRST_WAIT_S, 0 if kind is None else kind.left_out)
        else:
            kind.wait_s = min(2 * kind.wait_s, _LONGEST_WAIT_S)
        if kind.left_out:
            record.msg, record.args = f"{record.getMessage()} ({kind.left_out} more like it)", None
        self._kinds.pop(name, None)  # the one that was logged last is the last
        self._kinds[name] = _Kind(now + kind.wait_s, kind.wait_s)
        if len(self._kinds) > _KINDS:
            del self._kinds[next(iter(self._kinds))]
        return True
