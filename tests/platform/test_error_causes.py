"""Whose fault an error is: what puts a record aside, and what is waited for."""

import bson
import pytest
from bson.errors import BSONError
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConnectionFailure,
    DocumentTooLarge,
    NotPrimaryError,
    OperationFailure,
    WriteError,
)

from tuyen_platform.error_causes import ContendedError, is_caused_by_record, is_unavailable
from tuyen_platform.kafka.ports import LogUnavailableError, RecordTooLargeError

DISK_FULL, DUPLICATE, TOO_LARGE = 14031, 11000, 17419


def bulk(*codes: int, unsure: bool = False) -> BulkWriteError:
    errors = [{"code": code, "errmsg": ""} for code in codes]
    doubts = [{"code": 64, "errmsg": "waiting for replication"}] if unsure else []
    return BulkWriteError({"writeErrors": errors, "writeConcernErrors": doubts})


def of_bson(document: dict[object, object]) -> Exception:
    with pytest.raises((BSONError, OverflowError, UnicodeError)) as raised:
        bson.encode(document)  # type: ignore[arg-type]  # what it refuses
    return raised.value


@pytest.mark.parametrize(
    "error",
    [
        DocumentTooLarge("17 MB"),
        WriteError("too large after the update", TOO_LARGE),
        bulk(TOO_LARGE),
        bulk(DUPLICATE, TOO_LARGE),
        of_bson({"a": 2**70}),
        of_bson({"a": "\ud800"}),
        of_bson({"a\0b": 1}),
        RecordTooLargeError("1.2 MB"),
        KeyError("a mistake"),
        RecursionError(),
        ExceptionGroup("several", [KeyError("one"), ValueError("other")]),
    ],
)
def test_r9_5_a_record_that_raises_goes_to_the_dead_letters(error: Exception) -> None:
    assert is_caused_by_record(error)
    assert not is_unavailable(error)


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("away"),
        ConnectionFailure("away"),
        NotPrimaryError("an election"),
        OperationFailure("no space left on device", DISK_FULL),
        OperationFailure("not authorized", 13),
        bulk(TOO_LARGE, DISK_FULL),
        bulk(TOO_LARGE, unsure=True),
        LogUnavailableError("away"),
        ContendedError("conversations"),
    ],
)
def test_r9_1_errors_of_the_environment_are_waited_for(error: Exception) -> None:
    assert is_unavailable(error)
    assert not is_caused_by_record(error)


@pytest.mark.parametrize("error", [MemoryError(), OSError(24, "too many open files")])
def test_r9_1_what_the_machine_is_short_of_is_neither(error: Exception) -> None:
    assert not is_unavailable(error)
    assert not is_caused_by_record(error)
    assert not is_caused_by_record(ExceptionGroup("several", [KeyError("one"), error]))
