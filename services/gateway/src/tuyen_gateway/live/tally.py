"""A viewer's counts, kept up to date by the changes of rows: no change is counted by a query."""

from dataclasses import replace

from tuyen_gateway.domain.live import RowFacts, is_shown, is_unread
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.ports.views import InboxCounts


def count_change(
    counts: InboxCounts, scope: Scope, before: RowFacts | None, after: RowFacts | None
) -> InboxCounts:
    """The counts after a row changed; the same object if the change does not concern them."""
    if not concerns(scope, before, after):
        return counts
    for facts, sign in ((before, -1), (after, 1)):
        if facts is not None and is_shown(facts, scope):
            counts = _add(counts, facts, sign, 1 if is_unread(facts, scope) else 0)
    return counts


def concerns(scope: Scope, before: RowFacts | None, after: RowFacts | None) -> bool:
    """Whether the change of a row changes the viewer's counts."""
    return _cell(scope, before) != _cell(scope, after)


def _cell(scope: Scope, facts: RowFacts | None) -> object:
    if facts is None or not is_shown(facts, scope):
        return None
    unread = is_unread(facts, scope)
    return unread, facts.channel if unread else None, facts.kind if unread else None


def _add(counts: InboxCounts, facts: RowFacts, sign: int, unread: int) -> InboxCounts:
    channels, kinds = counts.unread_by_channel, counts.unread_by_kind
    change = sign * unread
    return replace(
        counts,
        total=counts.total + sign,
        unread=counts.unread + change,
        unread_by_channel={**channels, facts.channel: channels.get(facts.channel, 0) + change},
        unread_by_kind={**kinds, facts.kind: kinds.get(facts.kind, 0) + change},
    )
