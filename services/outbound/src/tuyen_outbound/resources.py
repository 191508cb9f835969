"""The dependencies that all requests of the process share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tuyen_channels.ports import Connector
from tuyen_events.vocabulary import Channel
from tuyen_outbound.domain.pacing import Pacing
from tuyen_outbound.live_calls import LiveCalls
from tuyen_outbound.ports import Accounts, Files
from tuyen_outbound.reply_links import ReplyLinks
from tuyen_outbound.results import Results
from tuyen_outbound.slots import Slots
from tuyen_outbound.states import elapsed_time
from tuyen_platform.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What carrying out requests depends on.

    `call_within_s` is how long a call may take. `settle_within_s` is how long an echo is waited for
    before it is said that nobody can tell what became of a call. `elapsed_time` is a clock that
    only rises.
    """

    clock: Clock
    connectors: Mapping[Channel, Connector]
    accounts: Accounts
    files: Files
    results: Results
    call_within_s: float
    settle_within_s: float
    links: ReplyLinks
    elapsed_time: Callable[[], float] = elapsed_time
    calls: LiveCalls = field(default_factory=LiveCalls)
    slots: Slots = field(default_factory=Slots)
    pacings: Mapping[Channel, Pacing] = field(
        default_factory=lambda: {channel: Pacing() for channel in Channel}
    )
