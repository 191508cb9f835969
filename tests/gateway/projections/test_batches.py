"""What a batch says, before anything of it is folded."""

from datetime import UTC, datetime, timedelta

from support.outbound import requested, settled
from tuyen_events.outbound_topics import OUTBOUND_RESULTS
from tuyen_gateway.projections.batches import read_batch
from tuyen_platform.kafka.ports import RecordPosition
from tuyen_platform.projection import FoldedEvent


def test_i8_a_result_counts_from_when_the_broker_got_it_whatever_its_senders_clock_shows() -> None:
    request = requested("k1")
    got = datetime(2026, 11, 21, 8, 0, 7, tzinfo=UTC)
    position = RecordPosition(OUTBOUND_RESULTS.name, 0, 3, int(got.timestamp() * 1000))
    for wrong_by in (timedelta(minutes=-4), timedelta(minutes=4)):
        said = settled(request, after_s=wrong_by.total_seconds())
        work = read_batch([FoldedEvent(said, "evt_1", position)])
        ((event, source),) = work.messages[request.message_id]
        assert event.at == got  # type: ignore[union-attr]  # of the outbound events
        assert source.offset == 3
