"""Handles commands about appointments.

Decides C5.
"""

from typing import assert_never

from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.parts import change_part, put_part, remove_part
from tuyen_events.crm.appointments import (
    AddAppointment,
    AppointmentAdded,
    AppointmentChanged,
    AppointmentRemoved,
    ChangeAppointment,
    RemoveAppointment,
)

KIND = "appointments"

AppointmentCommands = AddAppointment | ChangeAppointment | RemoveAppointment


def decide(known: KnownState, command: AppointmentCommands) -> CommandDecision:
    match command:
        case AddAppointment():
            return put_part(
                known, KIND, command, added=AppointmentAdded, changed=AppointmentChanged
            )
        case ChangeAppointment():
            return change_part(known, KIND, command, AppointmentChanged)
        case RemoveAppointment():
            return remove_part(known, KIND, command, AppointmentRemoved)
        case _:
            assert_never(command)
