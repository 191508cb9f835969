"""A viewer's counts, kept up to date by the changes of rows: no change is counted by a query."""

from dataclasses import replace

from tuyen_gateway.domain.live import JournaledRow, is_shown, is_unread
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.ports.views import InboxCounts


def count_change(
    counts: InboxCounts, scope: Scope, before: JournaledRow | None, after: JournaledRow | None
) -> InboxCounts:
    """The counts after a row changed; the same object if the change does not concern them."""
    if not concerns(scope, before, after):
        return counts
    for row, sign in ((before, -1), (after, 1)):
        if row is not None and is_shown(row, scope):
            counts = _add(counts, row, sign, 1 if is_unread(row, scope) else 0)
    return counts


def concerns(scope: Scope, before: JournaledRow | None, after: JournaledRow | None) -> bool:
    """Whether the change of a row changes the viewer's counts."""
    return _cell(scope, before) != _cell(scope, after)


def _cell(scope: Scope, row: JournaledRow | None) -> object:
    if row is None or not is_shown(row, scope):
        return None
    unread = is_unread(row, scope)
    return unread, row.channel if unread else None, row.kind if unread else None


def _add(counts: InboxCounts, row: JournaledRow, sign: int, unread: int) -> InboxCounts:
    channels, kinds = counts.unread_by_channel, counts.unread_by_kind
    change = sign * unread
    return replace(
        counts,
        total=counts.total + sign,
        unread=counts.unread + change,
        unread_by_channel={**channels, row.channel: channels.get(row.channel, 0) + change},
        unread_by_kind={**kinds, row.kind: kinds.get(row.kind, 0) + change},
    )
