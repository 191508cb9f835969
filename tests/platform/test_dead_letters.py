"""R9.5: a dead letter always fits into the log, whatever it contains."""

from datetime import UTC, datetime

import pytest

from tuyen_events.codec import decode, encode_data
from tuyen_events.dead_letters import DeadLettered, DeadLetterSettled, LetterOutcome
from tuyen_events.limits import DEAD_LETTER_BYTES
from tuyen_events.topics import DEAD_LETTERS
from tuyen_platform.dead_letters import (
    send_to_dead_letters,
    settle_dead_letter,
    within_bounds,
)
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import Record


def letter(payload: str, error: str = "no JSON") -> DeadLettered:
    return DeadLettered(
        service="undertaker",
        origin="facebook",
        delivery_id="dlv_1",
        error=error,
        payload=payload,
        at=datetime(2026, 11, 21, tzinfo=UTC),
    )


@pytest.mark.parametrize("character", ["a", "\x01", "ộ", "🛍", '"'])
def test_r9_5_a_payload_is_cut_by_what_it_takes_when_it_is_written(character: str) -> None:
    whole = letter(character * 3_000_000)
    kept = within_bounds(whole)
    assert DEAD_LETTER_BYTES * 0.9 < len(encode_data(kept)) <= DEAD_LETTER_BYTES
    assert whole.payload.startswith(kept.payload)


def test_r9_5_a_payload_of_which_the_end_takes_more_than_the_beginning_is_cut_to_fit() -> None:
    kept = within_bounds(letter("a" * 500_000 + "\x01" * 500_000))
    assert len(encode_data(kept)) <= DEAD_LETTER_BYTES
    kept = within_bounds(letter("\x01" * 500_000 + "a" * 500_000))
    assert len(encode_data(kept)) <= DEAD_LETTER_BYTES


def test_a_letter_that_fits_is_left_as_it_is() -> None:
    assert within_bounds(letter("{}")) == letter("{}")


async def test_r9_5_a_record_that_is_odd_all_over_goes_to_the_dead_letters() -> None:
    log = InMemoryLog()
    record = Record(
        topic="inbound",
        partition=0,
        offset=7,
        timestamp=0,
        key=b"\xff" * 500_000,
        value=b"\x01" * 1_000_000,
        headers=[],
    )
    await send_to_dead_letters(log, record, "undertaker", "\x01" * 1_000_000)
    async with log.tail(DEAD_LETTERS) as tail:
        async for batch in tail.batches():
            ((written,),) = batch.values()
            break
    assert written.value is not None
    told = decode(written.headers, written.value).data
    assert isinstance(told, DeadLettered)
    assert len(told.error) == 1_000
    assert len(written.value) <= DEAD_LETTER_BYTES
    assert written.key is not None
    assert len(written.key) < 4_000


async def test_p4_what_became_of_a_letter_is_one_event_however_often_it_is_written() -> None:
    log, at = InMemoryLog(), datetime(2026, 11, 21, tzinfo=UTC)
    settled = DeadLetterSettled(letter_id="evt_1", outcome=LetterOutcome.SENT, at=at)
    for _ in range(2):
        written = await settle_dead_letter(log, settled, partition=3, source="undertaker")
        assert written.partition == 3
    async with log.tail(DEAD_LETTERS) as tail:
        async for batch in tail.batches():
            (records,) = batch.values()
            break
    once, again = (decode(each.headers, each.value or b"") for each in records)
    assert once == again
    assert once.data == settled
