"""Publishes what became of requests."""

from functools import partial

import structlog

from tuyen_channels.calls import ChannelRefusal
from tuyen_channels.refusals import explain_refusal
from tuyen_events.event import Envelope
from tuyen_events.ids import derive_event_id
from tuyen_events.outbound import (
    OutboundAction,
    OutboundError,
    OutboundOutcome,
    OutboundRequested,
    OutboundSettled,
)
from tuyen_events.outbound_topics import OUTBOUND_RESULTS
from tuyen_outbound.identity import SOURCE
from tuyen_platform import metrics
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.ports import Log
from tuyen_platform.retry import retry

_log = structlog.get_logger()


class Results:
    """Writes `outbound-results`."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    async def publish(
        self,
        partition: int,
        request: OutboundRequested,
        outcome: OutboundOutcome,
        external_ids: tuple[str, ...] = (),
        refusal: ChannelRefusal | None = None,
    ) -> None:
        """Returns once the result is acknowledged, however long Kafka is unavailable: what a
        channel answered is known nowhere else."""
        event = OutboundSettled(
            request_id=request.request_id,
            organization=request.organization,
            page_id=request.page_id,
            channel=request.channel,
            conversation_id=request.conversation_id,
            message_id=request.message_id,
            at=self._clock.now(),
            action=request.action,
            outcome=outcome,
            external_ids=external_ids,
            error=_explain(refusal),
            text=_find_text(request, outcome),
        )
        envelope = Envelope(
            id=derive_event_id(request.request_id, event.type, outcome),
            source=SOURCE,
            subject=request.conversation_id,
            time=event.at,
            data=event,
        )
        write = partial(
            self._log.append,
            OUTBOUND_RESULTS,
            request.conversation_id,
            envelope,
            partition=partition,
        )
        await retry(write, log_as="outbound_result_waits")
        metrics.OUTBOUND_SETTLED.labels(request.channel, request.action, outcome).inc()
        _log.info(
            "outbound_settled",
            event_id=envelope.id,
            request_id=request.request_id,
            organization=request.organization,
            page_id=request.page_id,
            conversation_id=request.conversation_id,
            action=request.action,
            outcome=outcome,
            code=None if refusal is None else refusal.code,
            detail=None if refusal is None else refusal.detail,
        )


def _find_text(request: OutboundRequested, outcome: OutboundOutcome) -> str | None:
    """The text that a comment has after an edit."""
    is_edited = request.action is OutboundAction.EDIT and outcome is OutboundOutcome.DONE
    return request.text if is_edited else None


def _explain(refusal: ChannelRefusal | None) -> OutboundError | None:
    return None if refusal is None else explain_refusal(refusal)
