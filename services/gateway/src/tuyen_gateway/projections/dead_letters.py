"""Dead letters, by organization: folded from the topic, and forgotten when the topic forgets
them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from tuyen_events.dead_letters import DeadLettered, DeadLetterSettled
from tuyen_events.limits import DEAD_LETTERS_KEPT_S
from tuyen_events.topics import DEAD_LETTERS, TOPICS
from tuyen_gateway.domain.dead_letters import DeadLetter, find_owner
from tuyen_gateway.identity import SERVICE
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import Database
from tuyen_platform.projection import FoldedEvent, MongoPositions, run_projection

LETTERS = "dead_letters_1"
"""The collection, and the name of the view."""

LETTERS_GROUP = "gateway-dead-letters"

_MIN_INTERVAL_S = 0.2

_INDEXES = (
    IndexModel(
        [
            ("organization", ASCENDING),
            ("outcome", ASCENDING),
            ("at", DESCENDING),
            ("_id", DESCENDING),
        ],
        name="by_organization",
    ),
    IndexModel(
        [("organization", ASCENDING), ("partition", ASCENDING), ("changed", ASCENDING)],
        name="by_change",
    ),
    IndexModel([("at", ASCENDING)], name="forgotten", expireAfterSeconds=DEAD_LETTERS_KEPT_S),
)


async def ensure_letter_indexes(database: Database) -> None:
    """Creates the indexes that are missing. Can be repeated."""
    await database[LETTERS].create_indexes(list(_INDEXES))


async def run_dead_letters(log: Log, database: Database, status: ConsumerStatus) -> None:
    """Keeps the view up to date until cancelled. Gateways share the work."""
    indexed = False

    async def fold(batch: Sequence[FoldedEvent]) -> None:
        nonlocal indexed
        if not indexed:
            await ensure_letter_indexes(database)
            indexed = True
        await fold_letters(database, batch)

    await run_projection(
        log,
        DEAD_LETTERS,
        service=SERVICE,
        view=LETTERS,
        group=LETTERS_GROUP,
        positions=MongoPositions(database, LETTERS),
        fold=fold,
        min_interval_s=_MIN_INTERVAL_S,
        status=status,
    )


async def fold_letters(database: Database, batch: Sequence[FoldedEvent]) -> None:
    """Returns once the view shows the batch. A letter that is in the topic twice is one document, a
    letter is settled once, and folding a batch again changes nothing."""
    operations = [operation for one in batch if (operation := _operation_for(one)) is not None]
    if operations:
        await database[LETTERS].bulk_write(operations, ordered=True)


def _operation_for(folded: FoldedEvent) -> UpdateOne | None:
    position = folded.position
    match folded.event:
        case DeadLettered() as letter:
            document = msgspec.to_builtins(_build(letter, folded), builtin_types=(datetime,))
            return UpdateOne({"_id": document.pop("_id")}, {"$setOnInsert": document}, upsert=True)
        case DeadLetterSettled() as settled:
            became = {
                "outcome": settled.outcome.value,
                "settled_by": settled.by,
                "settled_at": settled.at,
                "changed": position.offset,
            }
            return UpdateOne({"_id": settled.letter_id, "outcome": None}, {"$set": became})
        case _:
            return None


def _build(letter: DeadLettered, folded: FoldedEvent) -> DeadLetter:
    organization, page = find_owner(letter, TOPICS)
    return DeadLetter(
        id=folded.id,
        organization=organization,
        page_id=page,
        service=letter.service,
        origin=letter.origin,
        delivery_id=letter.delivery_id,
        error=letter.error,
        payload=letter.payload,
        at=letter.at,
        partition=folded.position.partition,
        offset=folded.position.offset,
        changed=folded.position.offset,
    )
