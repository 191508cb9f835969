"""Phone numbers and emails that many people share: no contacts are merged because of them (C2)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.merges.merging import SHARED_NUMBERS
from tuyen_crm.entities.shared_numbers import decide, view
from tuyen_events.crm.shared_numbers import (
    AddSharedNumber,
    RemoveSharedNumber,
    SharedNumberAdded,
    SharedNumberRemoved,
)
from tuyen_views.shared_numbers import SHARED_NUMBERS_VIEW, SharedNumberDocument
from tuyen_views.view import setup_key

ENTITY: Entity[decide.SharedNumberCommands, view.SharedNumberEvents, SharedNumberDocument] = Entity(
    name=SHARED_NUMBERS,
    commands=(AddSharedNumber, RemoveSharedNumber),
    decide=decide.decide,
    events=(SharedNumberAdded, SharedNumberRemoved),
    view=SHARED_NUMBERS_VIEW,
    key=setup_key,
    fold=view.fold,
    describe=view.describe,
)
