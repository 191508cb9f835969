"""The guarded write: a worker notices that another one writes where it alone should."""

from functools import partial

import pytest

from tuyen_events.topics import CRM_STATE
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.kafka.ports import FetchedRecords, LogUnavailableError
from tuyen_platform.kafka.sole_writer import SoleWriter, read_to_end


async def collect(found: list[bytes | None], batch: FetchedRecords) -> None:
    found += [record.value for records in batch.values() for record in records]


@pytest.fixture
async def log() -> InMemoryLog:
    log = InMemoryLog()
    for value in (b"1", b"2"):
        await log.append_bytes(CRM_STATE, "a", value, partition=3)
    return log


async def test_a_worker_recovers_everything_that_is_in_the_topic(log: InMemoryLog) -> None:
    recovered, read = list[bytes | None](), list[bytes | None]()
    await SoleWriter(log, CRM_STATE).recover(partial(collect, recovered))
    await read_to_end(log, CRM_STATE, partial(collect, read))
    assert recovered == read == [b"1", b"2"]


async def test_inv3_a_record_of_another_worker_is_noticed_at_the_next_write(
    log: InMemoryLog,
) -> None:
    writer = SoleWriter(log, CRM_STATE)
    await writer.recover(partial(collect, []))
    for partition in (3, 5):
        writer.check([await log.append_bytes(CRM_STATE, "a", b"own", partition=partition)])
    await log.append_bytes(CRM_STATE, "a", b"another one's", partition=3)
    writer.check([await log.append_bytes(CRM_STATE, "a", b"own", partition=5)])
    own = await log.append_bytes(CRM_STATE, "a", b"own", partition=3)
    with pytest.raises(LogUnavailableError, match="another worker wrote to crm-state"):
        writer.check([own])


async def test_inv3_a_record_of_another_worker_is_noticed_without_a_write(
    log: InMemoryLog,
) -> None:
    writer = SoleWriter(log, CRM_STATE)
    await writer.recover(partial(collect, []))
    await log.append_bytes(CRM_STATE, "a", b"another one's", partition=3)
    await writer.check_ends({0, 5})
    with pytest.raises(LogUnavailableError):
        await writer.check_ends({3, 5})
