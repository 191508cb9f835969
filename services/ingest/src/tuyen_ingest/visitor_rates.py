"""How often visitors may do what, and how many of them may wait at once: by visitor, by network
address, and in total (R9.5). Each ingest process counts by itself."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tuyen_events import visitor_limits as limits
from tuyen_ingest.domain.rates import CallerBuckets, Rate
from tuyen_ingest.domain.visitors import SiteVisitor
from tuyen_ingest.errors import TooOftenError
from tuyen_platform.clock import Clock


class VisitorRates:
    """Each method takes one of what the caller may do, or raises TooOftenError."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sessions = CallerBuckets(
            Rate(limits.ADDRESS_SESSIONS, limits.ADDRESS_SESSION_EVERY_S)
        )
        self._messages = _TwoBuckets(
            Rate(limits.VISITOR_MESSAGES, limits.VISITOR_MESSAGE_EVERY_S),
            Rate(limits.ADDRESS_MESSAGES, limits.ADDRESS_MESSAGE_EVERY_S),
        )
        self._receipts = _TwoBuckets(
            Rate(limits.VISITOR_RECEIPTS, limits.VISITOR_RECEIPT_EVERY_S),
            Rate(limits.ADDRESS_RECEIPTS, limits.ADDRESS_RECEIPT_EVERY_S),
        )
        self._pictures = _TwoBuckets(
            Rate(limits.VISITOR_PICTURES, limits.VISITOR_PICTURE_EVERY_S),
            Rate(limits.ADDRESS_PICTURES, limits.ADDRESS_PICTURE_EVERY_S),
        )
        self._pictures_of_pages = CallerBuckets(
            Rate(limits.PAGE_PICTURES, limits.PAGE_PICTURE_EVERY_S)
        )
        self._reads = _TwoBuckets(
            Rate(limits.VISITOR_READS, limits.VISITOR_READ_EVERY_S),
            Rate(limits.ADDRESS_READS, limits.ADDRESS_READ_EVERY_S),
        )

    def take_session(self, network: str) -> None:
        _require(self._sessions.take(network, self._now()))

    def take_message(self, visitor: SiteVisitor, network: str) -> None:
        self._messages.take(_name(visitor), network, self._now())

    def take_receipt(self, visitor: SiteVisitor, network: str) -> None:
        self._receipts.take(_name(visitor), network, self._now())

    def take_picture(self, visitor: SiteVisitor, network: str) -> None:
        self.take_message(visitor, network)
        self._pictures.take(_name(visitor), network, self._now())
        _require(self._pictures_of_pages.take(visitor.app_id, self._now()))

    def take_read(self, visitor: SiteVisitor, network: str) -> None:
        self._reads.take(_name(visitor), network, self._now())

    def take_strangers_read(self, network: str) -> None:
        _require(self._reads.of_network.take(network, self._now()))

    def _now(self) -> float:
        return self._clock.now().timestamp()


class _TwoBuckets:
    """One for the visitor, and one for the network address."""

    def __init__(self, of_visitor: Rate, of_network: Rate) -> None:
        self._of_visitor = CallerBuckets(of_visitor)
        self.of_network = CallerBuckets(of_network)

    def take(self, visitor: str, network: str, now_s: float) -> None:
        _require(self._of_visitor.take(visitor, now_s))
        _require(self.of_network.take(network, now_s))


class WaitingVisitors:
    """Counts the requests that wait for something new."""

    def __init__(self) -> None:
        self._of_visitors: Counter[str] = Counter()
        self._of_networks: Counter[str] = Counter()

    @contextmanager
    def hold(self, visitor: SiteVisitor, network: str) -> Iterator[bool]:
        """Whether one more may wait, which counts as long as the block lasts."""
        name = _name(visitor)
        may_wait = (
            self._of_visitors[name] < limits.WAITING_OF_VISITOR
            and self._of_networks[network] < limits.WAITING_OF_ADDRESS
            and self._of_networks.total() < limits.WAITING_VISITORS
        )
        if may_wait:
            self._of_visitors[name] += 1
            self._of_networks[network] += 1
        try:
            yield may_wait
        finally:
            if may_wait:
                _decrease(self._of_visitors, name)
                _decrease(self._of_networks, network)


def _decrease(counted: Counter[str], key: str) -> None:
    counted[key] -= 1
    if not counted[key]:
        del counted[key]


def _name(visitor: SiteVisitor) -> str:
    return f"{visitor.app_id}/{visitor.id}"


def _require(wait_s: float) -> None:
    if wait_s > 0:
        raise TooOftenError("That was too often: wait a moment.", wait_s)
