"""Appointments: when an agent and a contact meet (C5)."""

from tuyen_crm.entities.appointments import decide, view
from tuyen_crm.entities.entity import Entity
from tuyen_events.crm.appointments import (
    AddAppointment,
    AppointmentAdded,
    AppointmentChanged,
    AppointmentReminded,
    AppointmentRemoved,
    ChangeAppointment,
    RemindOfAppointment,
    RemoveAppointment,
)
from tuyen_views.appointments import APPOINTMENTS_VIEW, AppointmentDocument
from tuyen_views.view import child_key

ENTITY: Entity[decide.AppointmentCommands, view.AppointmentEvents, AppointmentDocument] = Entity(
    name=decide.KIND,
    commands=(AddAppointment, ChangeAppointment, RemoveAppointment, RemindOfAppointment),
    decide=decide.decide,
    events=(AppointmentAdded, AppointmentChanged, AppointmentRemoved, AppointmentReminded),
    view=APPOINTMENTS_VIEW,
    key=child_key,
    fold=view.fold,
    describe=view.describe,
)
