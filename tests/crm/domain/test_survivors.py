"""What is requested of a contact that was merged meanwhile (C2)."""

from typing import Any

import pytest

from crm.known import KnownThings
from crm.rig import MOMENT, SHOP
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities import BY_COMMAND
from tuyen_events.crm.claims import ClaimContact
from tuyen_events.crm.records import ContactCommand, ContactEvent, CrmOutcome
from tuyen_events.crm.shares import ShareContact
from tuyen_events.crm.steps import SetStep
from tuyen_events.crm.suggestions import AnswerSuggestion, FactKind, Suggestion
from tuyen_events.crm.tags import AddTag, RemoveTag
from tuyen_events.crm.warehouses import WarehouseChanged
from tuyen_events.ids import AgentId, ContactId, OrganizationId

SURVIVOR, MERGED = ContactId("con_1"), ContactId("con_2")
LAN = AgentId("lan")
ABOUT: dict[str, Any] = {
    "command_id": "cmd_1",
    "organization": SHOP,
    "contact_id": MERGED,
    "at": MOMENT,
    "by": LAN,
}


OFFERED = Suggestion(id="sug_1", kind=FactKind.PHONE, value="+84912345678")


class MergedContacts(KnownThings):
    """Two contacts, of which one was merged into the other one."""

    def contact(self, contact_id: ContactId) -> ContactState | None:
        into = None if contact_id == SURVIVOR else SURVIVOR
        return ContactState(
            sequence=7,
            version=4,
            warehouse_id="north",
            merged_into=into,
            tags=("cũ",),
            steps={"gone": "first"},
            suggestions=(OFFERED,),
        )


NORTH = WarehouseChanged(
    organization=OrganizationId(SHOP),
    at=MOMENT,
    by=LAN,
    id="north",
    sequence=1,
    caused_by="cmd_0",
    name="North",
    members=(LAN,),
)


@pytest.mark.parametrize(
    "command",
    [
        ClaimContact(**ABOUT, warehouse_id="north"),
        ShareContact(**ABOUT, agent_id=AgentId("minh")),
        AddTag(**ABOUT, tag="VIP"),
        RemoveTag(**ABOUT, tag="cũ"),
        SetStep(**ABOUT, pipeline_id="gone", step_id=None),
        AnswerSuggestion(**ABOUT, suggestion_id=OFFERED.id, accept=False),
    ],
    ids=lambda command: command.type,
)
def test_c2_what_is_requested_of_a_merged_contact_is_done_with_the_one_that_stayed(
    command: ContactCommand,
) -> None:
    known = MergedContacts(entities={("warehouses", "north"): NORTH})
    decision = BY_COMMAND[type(command)].decide(known, command)
    assert decision.outcome is CrmOutcome.APPLIED
    (event,) = decision.events
    assert isinstance(event, ContactEvent)
    assert (event.contact_id, event.sequence) == (SURVIVOR, 8)
    assert (decision.survivor, decision.version) == (SURVIVOR, 8)
