"""What a stream has missed, and when it has to fetch again (I13)."""

from datetime import UTC, datetime
from typing import Any, cast

from gateway.live.shop import SHOP
from tuyen_events.ids import ConversationId, MessageId
from tuyen_gateway.domain.live import Changes, JournalPosition, LivePosition, pack_place
from tuyen_gateway.live.recent import RecentChanges
from tuyen_gateway.live.resuming import find_missed
from tuyen_gateway.live.stream import LiveStream
from tuyen_gateway.ports.live import JournalEntry

NOW = datetime.fromtimestamp(100, UTC)
LISTED = Changes(messages=((ConversationId("c"), MessageId("m")),))


def stream_after(place: JournalPosition) -> LiveStream:
    position = LivePosition(pack_place(place), b"", b"", b"")
    return LiveStream(cast(Any, None), cast(Any, None), position, 0.0)


async def test_i13_who_missed_a_change_that_lists_no_rows_fetches_again() -> None:
    recent = RecentChanges(JournalPosition(0, 0))
    for seconds, changes in ((1, LISTED), (2, Changes(unlisted=True)), (3, LISTED)):
        place = JournalPosition(seconds, 1)
        recent.add(JournalEntry(id=str(seconds), organization=SHOP, place=place, changes=changes))
    before, at, after = (stream_after(JournalPosition(seconds, 1)) for seconds in (1, 2, 3))
    missed = await find_missed(
        cast(Any, None), recent, SHOP, [before, at, after], until=recent.last, now=NOW
    )
    assert missed.lost == [before]
    assert [stream for stream, _ in missed.recent] == [at, after]
