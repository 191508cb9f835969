"""Merges: two contacts become the older one of them (C2)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.merges import decide, evolve, view
from tuyen_events.crm.merges import (
    ContactAbsorbed,
    ContactReleased,
    MergeContacts,
    UndoMerge,
)
from tuyen_views.merges import MERGES_VIEW, MergeDocument

ENTITY: Entity[decide.MergeCommands, evolve.MergeEvents, MergeDocument] = Entity(
    name="merges",
    commands=(MergeContacts, UndoMerge),
    decide=decide.decide,
    events=(ContactAbsorbed, ContactReleased),
    view=MERGES_VIEW,
    key=view.find_key,
    fold=view.fold,
    describe=view.describe,
    evolve=evolve.evolve,
    show=view.show,
)
