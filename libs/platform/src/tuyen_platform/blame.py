"""Whose fault an error is: the record's that was being handled, or that of what it stands on.

A reader that meets an error of the record alone puts the record aside and goes on, since it would
raise for ever and hold up everybody behind it (R9.5). An error of the surroundings says nothing of
the record: it is waited out, or ends the process, and the record comes again (R9.1).

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
        11000,  # DuplicateKey: what escapes here is no race, which folds settle themselves
        17280,  # KeyTooLong
        17419,  # the document is too large after the update
        17420,  # the same, of an upsert
    }
)
"""MongoDB's codes for a document or an update that it will never take. All others are the server's:
a full disk, an election, rights that are missing."""


class ContendedError(Exception):
    """Others wrote the same again and again: to be tried once more."""


def is_away(error: BaseException) -> bool:
    """Whether waiting may mend it: Kafka, MongoDB, or another writer is in the way."""
    if isinstance(error, PyMongoError):
        return not _of_the_document(error)
    return isinstance(error, LogUnavailableError | ContendedError)


def is_the_records(error: BaseException) -> bool:
    """Whether handling the same record again would raise again.

    Everything counts so that is not known to come from the surroundings: a view that meets what
    nobody expected has to go on with the next record.
    """
    if isinstance(error, ExceptionGroup):
        return all(is_the_records(each) for each in error.exceptions)
    if not isinstance(error, Exception):
        return False
    return not is_away(error) and not isinstance(error, OSError | MemoryError)


def _of_the_document(error: PyMongoError) -> bool:
    match error:
        case BulkWriteError():
            failed, unsure = error.details["writeErrors"], error.details["writeConcernErrors"]
            return not unsure and all(each["code"] in _OF_THE_DOCUMENT for each in failed)
        case OperationFailure():
            return error.code in _OF_THE_DOCUMENT
        case _:
            return False
