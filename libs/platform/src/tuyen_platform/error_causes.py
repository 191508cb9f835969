"""Whether an error was caused by the record that was being handled, or by the environment.

A reader sends a record that causes an error by itself to the dead letters and goes on: the record
would raise for ever and block everything after it (R9.5). An error of the environment (Kafka,
MongoDB, the machine) says nothing about the record: the reader retries, or the process ends, and
the record is read again (R9.1).

Decides R9.5 and INV7.
"""

from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError

from tuyen_platform.kafka.ports import LogUnavailableError

_OF_THE_DOCUMENT = frozenset(
    {
        2,  # BadValue
        9,  # FailedToParse
        14,  # TypeMismatch
        15,  # Overflow
        22,  # InvalidBSON
        28,  # PathNotViable
        40,  # ConflictingUpdateOperators
        52,  # DollarPrefixedFieldName
        53,  # InvalidIdField
        54,  # NotSingleValueField
        56,  # EmptyFieldName
        57,  # DottedFieldName
        66,  # ImmutableField
        121,  # DocumentValidationFailure
        146,  # ExceededMemoryLimit: of one query
        10334,  # BSONObjectTooLarge
        11000,  # DuplicateKey: folds handle races themselves, so one that escapes is no race
        17280,  # KeyTooLong
        17419,  # the document is too large after the update
        17420,  # the same, of an upsert
    }
)
"""MongoDB's codes for a document or an update that it will never accept. All other codes are about
the server: a full disk, an election, missing rights."""


class ContendedError(Exception):
    """Other writers changed the same document again and again: retry."""


def is_unavailable(error: BaseException) -> bool:
    """Whether a retry may succeed: Kafka or MongoDB is unavailable, or another writer was
    faster."""
    if isinstance(error, ExceptionGroup):
        return all(is_unavailable(each) for each in error.exceptions)
    if isinstance(error, PyMongoError):
        return not _of_the_document(error)
    return isinstance(error, LogUnavailableError | ContendedError)


def is_caused_by_record(error: BaseException) -> bool:
    """Whether handling the same record again would raise again.

    That is assumed of every error that is not known to come from the environment: a view must go on
    with the next record after an unexpected error.
    """
    if isinstance(error, ExceptionGroup):
        return all(is_caused_by_record(each) for each in error.exceptions)
    if not isinstance(error, Exception):
        return False
    return not is_unavailable(error) and not isinstance(error, OSError | MemoryError)


def _of_the_document(error: PyMongoError) -> bool:
    match error:
        case BulkWriteError():
            failed, unsure = error.details["writeErrors"], error.details["writeConcernErrors"]
            return not unsure and all(each["code"] in _OF_THE_DOCUMENT for each in failed)
        case OperationFailure():
            return error.code in _OF_THE_DOCUMENT
        case _:
            return False
