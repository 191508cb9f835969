"""Reads dead letters from the view, and writes to the log what is done with them."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec
from pymongo import DESCENDING

from tuyen_events.dead_letters import DeadLetterSettled, LetterOutcome
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.topics import DEAD_LETTERS, INBOUND
from tuyen_events.vocabulary import Moment
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.domain.dead_letters import DeadLetter, RecordPlace, find_named
from tuyen_gateway.domain.heads import pack
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.identity import SOURCE
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_gateway.ports.views import ViewPage
from tuyen_gateway.projections.dead_letters import LETTERS
from tuyen_platform.dead_letters import settle_dead_letter
from tuyen_platform.kafka.ports import Log, Record, RecordMetadata
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.projection import MongoPositions, has_folded_up_to

_POLL_S = 0.05
_LISTED_CHARACTERS = 500
_PARTITIONS = range(DEAD_LETTERS.partitions)


class MongoDeadLetters:
    """`DeadLetters`. Reads take their turn with the organization's others (R9.5)."""

    def __init__(self, database: Database, log: Log, reads: ReadLimiter) -> None:
        self._letters = database[LETTERS]
        self._positions = MongoPositions(database, LETTERS)
        self._log = log
        self._reads = reads

    async def find(self, organization: OrganizationId, letter_id: str) -> DeadLetter | None:
        async with self._reads.turn(organization):
            found = await self._letters.find_one({"_id": letter_id, "organization": organization})
        return None if found is None else msgspec.convert(found, DeadLetter)

    async def list_letters(
        self,
        organization: OrganizationId,
        outcome: LetterOutcome | None,
        limit: int,
        after: str | None,
    ) -> ViewPage[DeadLetter]:
        wanted = None if outcome is None else outcome.value
        query: Document = {"organization": organization, "outcome": wanted}
        if after is not None:
            query |= _follows(after)
        async with self._reads.turn(organization):
            rows = self._letters.aggregate(
                [
                    {"$match": query},
                    {"$sort": {"at": -1, "_id": -1}},
                    {"$limit": limit + 1},
                    {"$set": {"payload": {"$substrCP": ["$payload", 0, _LISTED_CHARACTERS]}}},
                ]
            )
            found = [msgspec.convert(row, DeadLetter) for row in await rows.to_list(limit + 1)]
        page = found[:limit]
        return ViewPage(items=page, following=_place(page[-1]) if len(found) > limit else None)

    async def position(self, organization: OrganizationId) -> bytes:
        async with self._reads.turn(organization):
            last = [await self._last_change(organization, at) for at in _PARTITIONS]
        return pack({at: changed for at, changed in enumerate(last) if changed is not None})

    async def _last_change(self, organization: OrganizationId, partition: int) -> int | None:
        """One step in an index, however many letters there are."""
        query = {"organization": organization, "partition": partition}
        shown = {"_id": 0, "changed": 1}
        found = await self._letters.find_one(query, shown, sort=[("changed", DESCENDING)])
        return None if found is None else int(found["changed"])

    async def dismiss(self, letter: DeadLetter, by: AgentId, at: Moment) -> None:
        await self._settle(letter, LetterOutcome.DISMISSED, by, at)

    async def publish_again(self, letter: DeadLetter, by: AgentId, at: Moment) -> bool:
        record = await self._read_event(letter)
        if record is None:
            return False
        key = (record.key or b"").decode("utf-8", "replace")
        await self._log.append_bytes(
            INBOUND, key, record.value, record.headers, partition=record.partition
        )
        await self._settle(letter, LetterOutcome.SENT, by, at)
        return True

    async def _read_event(self, letter: DeadLetter) -> Record | None:
        """The event that a service could not handle, if it is stored and is the organization's."""
        place = letter.event_place
        try:
            async with asyncio.timeout(WAIT_S):
                record = None if place is None else await self._read(place)
        except TimeoutError as error:
            raise UnavailableError("The event could not be read in time: try again.") from error
        if record is None or record.value is None:
            return None
        named = find_named(record.value.decode("utf-8", "replace"))
        return record if named is not None and named == letter.organization else None

    async def _read(self, place: RecordPlace) -> Record | None:
        ends = await self._log.end_offsets(INBOUND)
        if place.offset >= ends.get(place.partition, 0):
            return None
        starts = {(INBOUND.name, partition): end for partition, end in ends.items()}
        starts[INBOUND.name, place.partition] = place.offset
        async with self._log.tail(INBOUND, starts=starts) as tail:
            async for batch in tail.batches():
                for record in batch.get((INBOUND.name, place.partition), ()):
                    return record if record.offset == place.offset else None
                if tail.is_caught_up:
                    return None
        return None

    async def _settle(
        self, letter: DeadLetter, outcome: LetterOutcome, by: AgentId, at: Moment
    ) -> None:
        settled = DeadLetterSettled(letter_id=letter.id, outcome=outcome, by=by, at=at)
        written = await settle_dead_letter(
            self._log, settled, partition=letter.partition, source=SOURCE
        )
        await self._wait_until_folded([written])

    async def wait_until_caught_up(self) -> None:
        ends = await self._log.end_offsets(DEAD_LETTERS)
        last = [RecordMetadata(partition, end - 1) for partition, end in ends.items() if end]
        await self._wait_until_folded(last)

    async def _wait_until_folded(self, records: Sequence[RecordMetadata]) -> None:
        wanted = {(DEAD_LETTERS.name, at.partition): at.offset + 1 for at in records}
        try:
            async with asyncio.timeout(WAIT_S):
                while not await has_folded_up_to(self._positions, wanted):  # noqa: ASYNC110 - it is in MongoDB
                    await asyncio.sleep(_POLL_S)
        except TimeoutError as error:
            raise UnavailableError(
                "The dead letters have not been folded up to what was written: try again."
            ) from error


def _place(letter: DeadLetter) -> str:
    return f"{letter.at.isoformat()} {letter.id}"


def _follows(after: str) -> Document:
    at, _, letter_id = after.partition(" ")
    moment = datetime.fromisoformat(at)
    return {
        "at": {"$lte": moment},
        "$or": [{"at": {"$lt": moment}}, {"_id": {"$lt": letter_id}}],
    }
