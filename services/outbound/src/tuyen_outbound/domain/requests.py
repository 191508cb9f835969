"""One request, and how far it has come: `waiting`, `calling`, `unknown`, and then closed.

The state is stored before the call and after it, so that after a crash it is known for each request
whether its call may have been made.
"""

from datetime import datetime
from enum import StrEnum
from typing import Self

import msgspec

from tuyen_events.outbound import OutboundRequested
from tuyen_events.vocabulary import Moment


class RequestPhase(StrEnum):
    WAITING = "waiting"
    """No call of its present part is under way."""
    CALLING = "calling"
    """A call was perhaps made, and its answer is not known yet."""
    UNKNOWN = "unknown"
    """Nobody could find out what became of the call. It was reported so, and waits for an echo."""


class StoredRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="open"):
    """A request that is not settled, or whose result is not known.

    `offset` is that of its record in `outbound`, and gives the order within a conversation. `step`
    rises with each change. `part` is the number of the part that is next or under way, and
    `external_ids` are the channel's ids of the earlier ones. `since` is when the call of the
    present part began, if it is not `waiting`. `doubtful_since` is when the first call of the
    present part began that may have been carried out although its answer was an error. `proof` is
    the channel's id of the message that an echo showed while the call was under way. `refusals`
    counts the answers after which the same part is tried again, of which the first came at
    `refused_at`; no call is made before `not_before`. Of one that is `cancelled`, no further call
    is made: it was while a call was under way.
    """

    request: OutboundRequested
    offset: int
    step: int = 0
    phase: RequestPhase = RequestPhase.WAITING
    part: int = 0
    external_ids: tuple[str, ...] = ()
    since: Moment | None = None
    doubtful_since: Moment | None = None
    proof: str | None = None
    refusals: int = 0
    refused_at: Moment | None = None
    not_before: Moment | None = None
    cancelled: bool = False

    @classmethod
    def accept(cls, request: OutboundRequested, offset: int) -> Self:
        """A new one. Of a repetition, the parts that were sent before are done."""
        sent = request.sent_external_ids
        return cls(request=request, offset=offset, part=len(sent), external_ids=sent)

    @property
    def id(self) -> str:
        return self.request.request_id

    @property
    def called_since(self) -> datetime | None:
        """When the first call of the present part began that may have been carried out; None if
        there was none."""
        return self.doubtful_since or self.since

    @property
    def is_ended_by_cancellation(self) -> bool:
        """Whether it was cancelled, and there is no call to find out about first."""
        is_doubtful = self.phase is not RequestPhase.WAITING or self.doubtful_since is not None
        return self.cancelled and not is_doubtful

    def begin(self, now: datetime) -> Self:
        """The call of the present part begins."""
        return self._change(phase=RequestPhase.CALLING, since=now, proof=None, not_before=None)

    def return_to_waiting(self) -> Self:
        """The call was not carried out, for a reason that does not count against the request. An
        earlier one is as doubtful as it was."""
        return self._change(phase=RequestPhase.WAITING, since=None, proof=None)

    def refuse(self, now: datetime, not_before: datetime, *, is_doubtful: bool = False) -> Self:
        """The call is tried again, since it was not carried out, or (`is_doubtful`) perhaps not."""
        return self._change(
            phase=RequestPhase.WAITING,
            since=None,
            doubtful_since=self.called_since if is_doubtful else self.doubtful_since,
            proof=None,
            refusals=self.refusals + 1,
            refused_at=self.refused_at or now,
            not_before=not_before,
        )

    def finish_part(self, external_id: str | None) -> Self:
        """The present part is carried out."""
        known = self.external_ids if external_id is None else (*self.external_ids, external_id)
        return self._change(
            phase=RequestPhase.WAITING,
            part=self.part + 1,
            external_ids=known,
            since=None,
            doubtful_since=None,
            proof=None,
            refusals=0,
            refused_at=None,
            not_before=None,
        )

    def prove(self, external_id: str) -> Self:
        """An echo shows that the present part was carried out."""
        return self._change(proof=external_id)

    def cancel(self) -> Self:
        """Nothing more is to be sent of it."""
        return self._change(cancelled=True)

    def give_up(self) -> Self:
        """It is reported that nobody can tell what became of the call. Its echo may still come, and
        has the time of the call."""
        return self._change(phase=RequestPhase.UNKNOWN, since=self.since or self.doubtful_since)

    def close(self, until: datetime, external_ids: tuple[str, ...] = ()) -> "ClosedRequest":
        """It is settled."""
        return ClosedRequest(step=self.step + 1, until=until, external_ids=external_ids)

    def _change(self, **changed: object) -> Self:
        return msgspec.structs.replace(self, step=self.step + 1, **changed)


class ClosedRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="closed"):
    """A request that is settled. It is remembered `until` then, so that its record has no effect if
    it is in the log twice. `external_ids` are what it made, where echoes are recognized by their
    text: its echo must not prove another request with the same text."""

    step: int
    until: Moment
    external_ids: tuple[str, ...] = ()
