"""Notes the customers of inbound events whose names are not known, and posts with comments."""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta

from tuyen_channels.profile_sources import PROFILE_SOURCES
from tuyen_events.codec import decode, find_header
from tuyen_events.inbound import CommentAdded
from tuyen_events.topics import INBOUND
from tuyen_outbound.domain.posts import find_wanted_post
from tuyen_outbound.domain.profiles import DESCRIBED_BY, Lookup, find_wanted
from tuyen_outbound.identity import SERVICE
from tuyen_outbound.ports import Accounts, WaitingProfiles
from tuyen_platform.clock import Clock
from tuyen_platform.dead_letters import reject_or_raise
from tuyen_platform.kafka.consumer import ConsumerStatus, consume, follow_for_ever
from tuyen_platform.kafka.ports import FetchedRecords, Log, LogUnavailableError, Offsets, Record
from tuyen_platform.page_credentials import name_account

GROUP = "outbound-profiles"
_MIN_INTERVAL_S = 0.25
"""The least time between two batches while there is always something new."""
_COMMIT_EVERY_S = 1.0

_REMEMBERED = 100_000
"""How many customers and posts are remembered: about 20 MB."""
_REMEMBERED_FOR = timedelta(minutes=10)

_TYPES = frozenset(kind.type.encode() for kind in (*DESCRIBED_BY, CommentAdded))


class AskedLately:
    """The customers and posts for which nothing remained to be done lately. It saves questions to
    the database; no decision depends on it."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._most = most
        self._until: OrderedDict[str, datetime] = OrderedDict()

    def has(self, wanted: str, now: datetime) -> bool:
        until = self._until.get(wanted)
        return until is not None and now < until

    def note(self, wanted: Iterable[str], now: datetime) -> None:
        for one in wanted:
            self._until.pop(one, None)
            self._until[one] = now + _REMEMBERED_FOR
        while len(self._until) > self._most:
            self._until.popitem(last=False)


class ProfileObserver:
    """Reads the inbound events; the members of one group share the partitions.

    Offsets are committed once the customers of the events are stored. An event that is handled
    again adds the same customer, who is asked for once. An event that cannot be read goes to the
    dead letters, and the next one is handled (R9.5). Customers of a page without credentials are
    left out, until an event of theirs that comes after the page was connected.
    """

    def __init__(
        self, log: Log, clock: Clock, accounts: Accounts, waiting: WaitingProfiles
    ) -> None:
        self._log = log
        self._clock = clock
        self._accounts = accounts
        self._waiting = waiting
        self._recent = AskedLately()
        self.status = ConsumerStatus()

    async def run(self) -> None:
        """Works until cancelled; while Kafka or MongoDB is unavailable it waits."""
        await follow_for_ever(
            self._follow,
            log_as="profiles_wait",
            status=self.status,
            about={"consumer": "profile_observer"},
        )

    async def _follow(self) -> None:
        await consume(
            self._log,
            INBOUND,
            group=GROUP,
            handle=self._handle,
            starts=self._begin,
            status=self.status,
            min_interval_s=_MIN_INTERVAL_S,
            commit_every_s=_COMMIT_EVERY_S,
        )

    async def _begin(self, committed: Offsets) -> Offsets:
        """Reads events only once it is known which pages have credentials."""
        self.status.note_waiting("the pages and their credentials")
        if not await self._accounts.catch_up():
            raise LogUnavailableError("the pages and their credentials are still being read")
        return committed

    async def _handle(self, batch: FetchedRecords, _partitions: frozenset[tuple[str, int]]) -> bool:
        now, wanted = self._clock.now(), dict[str, Lookup]()
        for records in batch.values():
            for record in records:
                try:
                    found = self._find(record, now)
                except Exception as error:  # one record must not stop the others
                    await reject_or_raise(self._log, record, SERVICE, error)
                else:
                    if found is not None:
                        wanted.setdefault(found.id, found)
        if wanted:
            settled = await self._waiting.add(list(wanted.values()))
            self._recent.note((one.id for one in settled), now)
        return True

    def _find(self, record: Record, now: datetime) -> Lookup | None:
        """What a record makes known. Only records that may do so are decoded."""
        if record.value is None or find_header(record.headers, "ce_type") not in _TYPES:
            return None
        envelope = decode(record.headers, record.value)
        event, event_id = envelope.data, envelope.id
        wanted = find_wanted(event, event_id, now) or find_wanted_post(event, event_id, now)
        if wanted is None or wanted.channel not in PROFILE_SOURCES:
            return None
        return None if self._recent.has(wanted.id, now) or not self._can_ask(wanted) else wanted

    def _can_ask(self, wanted: Lookup) -> bool:
        page = self._accounts.find_page(wanted.organization, wanted.page_id)
        if page is None:
            return False
        account = name_account(page.organization, page.channel, page.external_id)
        return self._accounts.find_credentials(account) is not None
