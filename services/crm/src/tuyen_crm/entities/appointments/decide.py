"""Handles commands about appointments."""

from typing import assert_never

from tuyen_crm.domain.children import change_child, put_child, remind_of_child, remove_child
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
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

KIND = "appointments"

AppointmentCommands = AddAppointment | ChangeAppointment | RemoveAppointment | RemindOfAppointment


def decide(known: KnownState, command: AppointmentCommands) -> CommandDecision:
    match command:
        case AddAppointment():
            return put_child(
                known, KIND, command, added=AppointmentAdded, changed=AppointmentChanged
            )
        case ChangeAppointment():
            return change_child(known, KIND, command, AppointmentChanged)
        case RemoveAppointment():
            return remove_child(known, KIND, command, AppointmentRemoved)
        case RemindOfAppointment():
            return remind_of_child(known, KIND, command, AppointmentReminded)
        case _:
            assert_never(command)
