"""Proposals to merge contacts, as a feed sends them to the managers of either contact (C2, I11)."""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import replace

import msgspec

from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.domain.visibility import Viewer
from tuyen_gateway.live.frames import encode_live_event
from tuyen_gateway.live.sources import Sources
from tuyen_gateway.live.stream import LiveStream
from tuyen_gateway.ports.live import JournalEntry
from tuyen_gateway.ports.views import ProposalSide
from tuyen_views.warehouses import WAREHOUSES_VIEW

_Managers = Mapping[str, Set[AgentId]]
"""By warehouse. System administrators manage all (W1)."""


async def send_proposals(
    sources: Sources,
    organization: OrganizationId,
    entries: Iterable[JournalEntry],
    streams: Collection[LiveStream],
    position: str,
) -> None:
    """Sends the proposals that changed, as they are now, with a position before all of `entries`.

    A proposal is sent to whoever manages one of its contacts, and its removal to those managers of
    a contact that had it who manage none that has it.
    """
    changes = [entry.changes for entry in entries]
    keys = {key for each in changes for key in each.proposals}
    if not keys or not streams:
        return
    sides = [*await sources.crm.proposal_sides(organization, keys)]
    sides += _find_left(sides, {place for each in changes for place in each.left})
    wanted = {side.warehouse_id for side in sides}
    warehouses = await sources.crm.setup_among(WAREHOUSES_VIEW, organization, wanted)
    managers = {each.id: frozenset(each.managers) for each in warehouses}
    for id_ in sorted({side.id for side in sides}):
        own = [side for side in sides if side.id == id_]
        upserted, removed = _encode(sources, own, position)
        for stream in streams:
            seen = [side for side in own if _sees(stream.watch.viewer, side, managers)]
            if seen:
                is_listed = any(side.shown for side in seen)
                stream.send(upserted if is_listed else removed)


def _find_left(
    sides: Sequence[ProposalSide], left: Iterable[tuple[str, str]]
) -> list[ProposalSide]:
    """The sides as they are for managers of the warehouses that contacts left: gone."""
    newest = {side.id: side for side in sorted(sides, key=lambda side: side.version)}
    return [
        replace(newest[id_], warehouse_id=warehouse_id, shown=None)
        for id_, warehouse_id in left
        if id_ in newest
    ]


def _sees(viewer: Viewer, side: ProposalSide, managers: _Managers) -> bool:
    return viewer.crm.access and (
        viewer.manages_default_warehouse
        or viewer.agent_id in managers.get(side.warehouse_id, frozenset())
    )


def _encode(sources: Sources, sides: Sequence[ProposalSide], position: str) -> tuple[bytes, bytes]:
    """The events that it changed, and that it is gone."""
    last = max(sides, key=lambda side: side.version)
    gone = {"id": msgspec.json.encode(last.id), "version": msgspec.json.encode(last.version)}
    removed = encode_live_event("merge_proposal.removed", position, gone)
    listed = [side.shown for side in sides if side.shown is not None]
    if not listed:
        return removed, removed
    newest = max(listed, key=lambda proposal: proposal.shown.version)
    shown = {"merge_proposal": sources.renderer.proposal(newest)}
    return encode_live_event("merge_proposal.upserted", position, shown), removed
