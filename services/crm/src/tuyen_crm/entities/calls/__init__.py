"""Calls: what a call center's integration reports of a contact (C7)."""

from tuyen_crm.entities.calls import decide, view
from tuyen_crm.entities.entity import Entity
from tuyen_events.crm.calls import CallRecorded, RecordCall
from tuyen_views.calls import CALLS_VIEW, CallDocument
from tuyen_views.view import child_key

ENTITY: Entity[RecordCall, CallRecorded, CallDocument] = Entity(
    name=decide.KIND,
    commands=(RecordCall,),
    decide=decide.decide,
    events=(CallRecorded,),
    view=CALLS_VIEW,
    key=child_key,
    fold=view.fold,
    describe=view.describe,
)
