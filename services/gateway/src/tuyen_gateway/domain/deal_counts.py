"""What deals add to the numbers of reports: how many are open, won and lost, and their value, by
their assignees and by the steps of their contacts (O3).

A deal is where the contact is that it was made for: in its warehouse, and at its steps. When that
contact is merged into another one, it stays where the contact was by then. One that is won or lost
counts at that time and place, with the value that it has now; when it is opened again or removed,
that is taken back. A contact that is removed takes its open deals with it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from tuyen_events.crm.deals import DealAdded, DealChanged, DealEvent, DealStage, Money
from tuyen_events.crm.records import ContactEvent
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.domain.rollups import INFLOW, Counted, Slot, quarter_of, value_of

VALUE_PARTS = 10_000
"""Values are counted in ten thousandths of their currency, as exact as they are given."""


class DealPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where the deals of a contact are at a time."""

    at: datetime
    warehouse_id: str
    steps: dict[str, str]
    """By pipeline."""


class CountedDeal(msgspec.Struct, frozen=True, kw_only=True):
    """How a deal is counted."""

    stage: str
    value: Money | None = None
    assignee: AgentId | None = None
    closed: DealPlace | None = None
    """Where it was won or lost; null for an open one."""


class PlacedDeals(NamedTuple):
    """The deals of a contact, and where they are."""

    deals: Mapping[str, CountedDeal]
    place: DealPlace


def change_deals(
    deals: Mapping[str, CountedDeal], event: DealEvent, place: DealPlace
) -> dict[str, CountedDeal]:
    """The deals of a contact after an event of one of them."""
    after = dict(deals)
    before = after.pop(event.deal_id, None)
    match event:
        case DealAdded():
            deal = CountedDeal(stage=event.stage, value=event.value, assignee=event.assignee)
        case DealChanged() if before is not None:
            given = {name: getattr(event, name) for name in ("stage", "value", "assignee")}
            changed = {name: one for name, one in given.items() if one is not msgspec.UNSET}
            deal = msgspec.structs.replace(before, **changed)
        case _:
            return after
    if deal.stage == DealStage.OPEN:
        deal = msgspec.structs.replace(deal, closed=None)
    elif before is None or before.stage != deal.stage:
        deal = msgspec.structs.replace(deal, closed=place)
    return {**after, event.deal_id: deal}


def compare_deals(
    organization: OrganizationId, before: PlacedDeals, after: PlacedDeals, event: ContactEvent
) -> Iterator[tuple[Slot, str, int]]:
    """The numbers that an event adds, or takes back. Both places have its time."""
    total: Counter[tuple[Slot, str]] = Counter()
    for times, (deals, place), other in ((-1, before, after), (1, after, before)):
        for deal_id, deal in deals.items():
            if place == other.place and other.deals.get(deal_id) == deal:
                continue
            if deal.closed is None or isinstance(event, DealEvent):
                for slot, name, number in _count(organization, deal, place):
                    total[slot, name] += times * number
    if isinstance(event, DealAdded) and (added := after.deals.get(event.deal_id)) is not None:
        for slot in _list_slots(organization, added, after.place):
            total[slot, "added"] += 1
    return ((slot, name, number) for (slot, name), number in total.items() if number)


def _count(
    organization: OrganizationId, deal: CountedDeal, place: DealPlace
) -> Iterator[tuple[Slot, str, int]]:
    """An open deal is there; of one that is won or lost it is counted when and where it was."""
    name = INFLOW if deal.closed is None else str(deal.stage)
    parts = 0 if deal.value is None else int(Decimal(deal.value.amount) * VALUE_PARTS)
    for slot in _list_slots(organization, deal, deal.closed or place):
        yield slot, name, 1
        yield slot, value_of(name), parts


def _list_slots(
    organization: OrganizationId, deal: CountedDeal, place: DealPlace
) -> Iterator[Slot]:
    currency = None if deal.value is None else deal.value.currency
    steps: list[tuple[str | None, str | None]] = [*place.steps.items()] or [(None, None)]
    places: list[tuple[Counted, tuple[str | None, ...]]] = [
        (Counted.DEAL, (deal.assignee, currency)),
        *((Counted.DEAL_STEP, (*at, currency)) for at in steps),
    ]
    for counted, about in places:
        yield Slot(
            organization=organization,
            counted=counted,
            quarter=quarter_of(place.at),
            about=about,
            warehouse_id=place.warehouse_id,
        )
