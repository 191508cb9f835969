"""O4: how a rebuild goes, with views in memory."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from crm.rig import Shop
from tuyen_crm.bootstrap import Crm, compose
from tuyen_crm.rebuild import rebuild
from tuyen_platform.kafka.groups import StillRunningError
from tuyen_platform.mongodb import connect
from tuyen_platform.projection import FoldedEvent, InMemoryPositions


class InMemoryViews:
    """The ids of the events that were folded since the last drop."""

    def __init__(self) -> None:
        self.events: list[str] = []

    async def fold(self, batch: Sequence[FoldedEvent]) -> None:
        self.events += [one.event.type for one in batch]

    async def drop(self) -> None:
        self.events.clear()


def compose_crm(shop: Shop, views: InMemoryViews) -> Crm:
    crm = compose(shop.log, connect("mongodb://127.0.0.1:9", "unused"))
    return replace(crm, view=views, positions=InMemoryPositions())


async def check_stopped() -> None:
    """No CRM runs."""


async def test_o4_a_rebuild_folds_everything_once_however_often_it_is_run(shop: Shop) -> None:
    await shop.write("lan", "Lan")
    async with shop.run_crm():
        await shop.wait_until_made(1)
    views = InMemoryViews()
    crm = compose_crm(shop, views)
    for _ in range(2):
        await rebuild(crm, check_stopped)
        assert views.events == ["contact.created.v1"]


async def test_o4_a_rebuild_changes_nothing_while_a_crm_runs(shop: Shop) -> None:
    async def running() -> None:
        raise StillRunningError("a CRM runs")

    views = InMemoryViews()
    views.events.append("of the running CRM")
    with pytest.raises(StillRunningError):
        await rebuild(compose_crm(shop, views), running)
    assert views.events == ["of the running CRM"]
