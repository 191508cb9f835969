"""Deals: what a contact may buy (C5)."""

from tuyen_crm.entities.deals import decide, view
from tuyen_crm.entities.entity import Entity
from tuyen_events.crm.deals import (
    AddDeal,
    ChangeDeal,
    DealAdded,
    DealChanged,
    DealRemoved,
    RemoveDeal,
)
from tuyen_views.deals import DEALS_VIEW, DealDocument
from tuyen_views.view import child_key

ENTITY: Entity[decide.DealCommands, view.DealEvents, DealDocument] = Entity(
    name=decide.KIND,
    commands=(AddDeal, ChangeDeal, RemoveDeal),
    decide=decide.decide,
    events=(DealAdded, DealChanged, DealRemoved),
    view=DEALS_VIEW,
    key=child_key,
    fold=view.fold,
    describe=view.describe,
)
