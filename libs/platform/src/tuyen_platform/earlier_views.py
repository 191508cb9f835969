"""Drops the collections of earlier versions of a view, once nobody uses them (R9.6)."""

import asyncio
import re
from collections.abc import Collection, Iterable, Sequence

import structlog

from tuyen_events.topic import Topic
from tuyen_platform.kafka.ports import Log, Offsets
from tuyen_platform.mongodb import Database
from tuyen_platform.projection import POSITIONS, MongoPositions, has_folded_up_to
from tuyen_platform.retry import retry

_EVERY_S = 600.0

_NUMBERED = re.compile(r"(.+)_(\d+)")

_log = structlog.get_logger()


class EarlierViewsCleanup:
    """Drops the collections and positions of earlier versions of one view. Versions differ by the
    number at the end of the name: `inbox_7` is earlier than `inbox_8`.

    They are dropped once the view shows everything in the log and its positions have moved between
    two checks while those of the earlier versions have not, so that no process folds an earlier
    version any more. Several processes may check at the same time.
    """

    def __init__(
        self,
        log: Log,
        database: Database,
        *topics: Topic,
        view: str,
        collections: Collection[str],
    ) -> None:
        """`topics` are those from which the view is folded."""
        self._log = log
        self._database = database
        self._topics = topics
        self._view = view
        self._collections = collections
        self._positions = MongoPositions(database, view)
        self._seen: tuple[Offsets, Offsets] | None = None
        """What the last check read: the view's positions, and those of its earlier versions."""

    async def run(self) -> None:
        """Checks again and again until cancelled. Waits while Kafka or MongoDB is unavailable."""
        while True:
            await asyncio.sleep(_EVERY_S)
            await retry(self.drop_earlier, log_as="views_cleanup_waits", about={"view": self._view})

    async def drop_earlier(self) -> None:
        """Drops what is not used any more."""
        existing = await self._database.list_collection_names()
        retired = list_earlier(existing, self._collections)
        if not retired or not await has_folded_up_to(self._positions, await self._find_ends()):
            return
        views = await self._find_earlier_views()
        own, earlier = await self._positions.load(), await self._load(views)
        seen, self._seen = self._seen, (own, earlier)
        if seen is None or seen[0] == own or seen[1] != earlier:
            return
        for name in views:  # first: a view without positions is folded again, if need be
            await MongoPositions(self._database, name).forget()
        for name in retired:
            await self._database[name].drop()
        _log.info("views_dropped", view=self._view, collections=retired)

    async def _find_ends(self) -> Offsets:
        ends = await asyncio.gather(*(self._log.end_offsets(topic) for topic in self._topics))
        return {
            (topic.name, partition): end
            for topic, partitions in zip(self._topics, ends, strict=True)
            for partition, end in partitions.items()
        }

    async def _find_earlier_views(self) -> Sequence[str]:
        stored = await self._database[POSITIONS].distinct("_id")
        return list_earlier({each.rsplit("/", 2)[0] for each in stored}, [self._view])

    async def _load(self, views: Iterable[str]) -> Offsets:
        """By view and topic."""
        found: dict[tuple[str, int], int] = {}
        for view in views:
            positions = await MongoPositions(self._database, view).load()
            for (topic, partition), offset in positions.items():
                found[f"{view}/{topic}", partition] = offset
        return found


def list_earlier(existing: Iterable[str], current: Iterable[str]) -> Sequence[str]:
    """Those of the names that exist that are of earlier versions of the current ones: the same
    name with a lower number, or with none."""
    numbers = {name: number for name, number in map(_parse, current) if number}
    return sorted(
        each
        for each in existing
        if (parsed := _parse(each))[0] in numbers and parsed[1] < numbers[parsed[0]]
    )


def _parse(name: str) -> tuple[str, int]:
    """A name, and its number: 0 if it has none."""
    found = _NUMBERED.fullmatch(name)
    return (name, 0) if found is None else (found[1], int(found[2]))
