"""What an administrator removes, no contact refers to any more (C6, S2, W2)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from crm.world import AGENT, HOA, LAN, MINH, MOMENT, SHOP, World
from tuyen_crm.domain import entity_removal
from tuyen_crm.domain.decision import CommandDecision
from tuyen_crm.domain.state import ContactState
from tuyen_crm.entities import BY_COMMAND, BY_EVENT
from tuyen_events.crm.campaigns import EmptyCampaign, PutCampaign, RemoveCampaign
from tuyen_events.crm.pipelines import (
    EmptyPipeline,
    PipelineChanged,
    PipelineStep,
    PutPipeline,
    RemovePipeline,
)
from tuyen_events.crm.records import (
    ContactEvent,
    CrmCommand,
    CrmOutcome,
    CrmRefusal,
    SetupCommand,
    SetupEvent,
)
from tuyen_events.crm.shares import CareStatus
from tuyen_events.crm.sharing_rules import PutSharingRule, RemoveSharingRule
from tuyen_events.crm.warehouses import EmptyWarehouse, PutWarehouse, RemoveWarehouse
from tuyen_events.ids import ContactId

PHONE = "+84912345678"
PENDING = CareStatus.MULTI_ASSIGN_PENDING


class Organization(World):
    """The same with a setup that commands change."""

    def __init__(self) -> None:
        super().__init__()
        self.sequence = 0
        self.commands = 0

    def setup_sequence(self) -> int:
        return self.sequence

    def do(self, command: CrmCommand) -> CommandDecision:
        self._order += 1
        decision = BY_COMMAND[type(command)].decide(self, command)
        for event in decision.events:
            if isinstance(event, SetupEvent):
                self._set_up(event)
            else:
                assert isinstance(event, ContactEvent)
                assert event.sequence == self.last_sequence(event.contact_id) + 1
                self._apply(replace(event, order=self._order))
        return decision

    def _set_up(self, event: SetupEvent) -> None:
        assert event.sequence == self.sequence + 1
        self.sequence = event.sequence
        key = (BY_EVENT[type(event)].name, event.id)
        if event.removes:
            self.entities.pop(key)
        else:
            self.entities[key] = event

    def set_up(self, command: type[SetupCommand], id_: str, **fields: Any) -> CommandDecision:
        self.commands += 1
        given: dict[str, Any] = {
            "command_id": f"set_{self.commands}",
            "organization": SHOP,
            "at": MOMENT,
            "by": AGENT,
        }
        return self.do(command(**given, id=id_, **fields))

    def put_pipeline(self, *steps: str) -> CommandDecision:
        given = tuple(PipelineStep(id=each, name=each.title()) for each in steps)
        return self.set_up(PutPipeline, "retail", name="Bán lẻ", steps=given)

    def remove(self, kind: str, id_: str) -> CommandDecision:
        remove, empty = REMOVALS[kind]
        decision = self.set_up(remove, id_)
        while decision.refusal is CrmRefusal.NOT_EMPTY:
            assert self.set_up(empty, id_).outcome is CrmOutcome.APPLIED
            decision = self.set_up(remove, id_)
        return decision


REMOVALS: dict[str, tuple[type[SetupCommand], type[SetupCommand]]] = {
    "campaigns": (RemoveCampaign, EmptyCampaign),
    "pipelines": (RemovePipeline, EmptyPipeline),
    "warehouses": (RemoveWarehouse, EmptyWarehouse),
}


def begin(*contacts: ContactId) -> Organization:
    """These contacts are in a warehouse, in a campaign, and at a step."""
    shop = Organization()
    shop.set_up(PutWarehouse, "north", name="Bắc", managers=(AGENT,))
    shop.set_up(PutCampaign, "tet", name="Tết")
    shop.put_pipeline("new", "quoted")
    for contact in contacts:
        shop.add(contact, warehouse_id="north")
        shop.patch(contact, campaign_id="tet", care_status=PENDING, steps={"retail": "quoted"})
    return shop


def test_c6_a_step_stays_while_contacts_are_at_it() -> None:
    shop = begin(LAN)
    refused = shop.put_pipeline("new")
    assert (refused.outcome, refused.refusal) == (CrmOutcome.REFUSED, CrmRefusal.STEP_NOT_EMPTY)
    assert refused.events == ()
    assert shop.put_pipeline("quoted").outcome is CrmOutcome.APPLIED
    assert shop.put_pipeline("quoted", "paid").outcome is CrmOutcome.APPLIED
    shop.patch(LAN, steps={"retail": "paid"})
    assert shop.put_pipeline("paid").outcome is CrmOutcome.APPLIED


def test_c6_the_contacts_of_a_removed_pipeline_leave_it() -> None:
    shop = begin(LAN, MINH)
    shop.patch(MINH, steps={"retail": "new"})
    assert shop.remove("pipelines", "retail").outcome is CrmOutcome.APPLIED
    assert [shop.contacts[each].steps for each in (LAN, MINH)] == [{}, {}]
    assert [shop.documents[each].steps for each in (LAN, MINH)] == [{}, {}]
    assert shop.remove("pipelines", "retail").outcome is CrmOutcome.UNCHANGED


def test_s2_the_contacts_of_a_removed_campaign_leave_it() -> None:
    shop = begin(LAN)
    assert shop.remove("campaigns", "tet").outcome is CrmOutcome.APPLIED
    document = shop.documents[LAN]
    assert (document.campaign_id, document.care_status) == (None, None)


def test_s2_a_campaign_with_a_sharing_rule_is_neither_removed_nor_emptied() -> None:
    shop = begin(LAN)
    rule = {"name": "Tết", "owner": AGENT, "campaign_id": "tet", "agent_ids": (AGENT,)}
    shop.set_up(PutSharingRule, "r", **rule, every_minutes=5)
    for command in REMOVALS["campaigns"]:
        assert shop.set_up(command, "tet").refusal is CrmRefusal.IN_USE
    assert shop.contacts[LAN].campaign_id == "tet"
    shop.set_up(RemoveSharingRule, "r")
    assert shop.remove("campaigns", "tet").outcome is CrmOutcome.APPLIED


@pytest.mark.parametrize("kind", REMOVALS)
@pytest.mark.parametrize("limit", ["AT_ONCE", "_BYTES"])
def test_what_has_too_many_contacts_is_emptied_first(
    kind: str, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entity_removal, limit, 1)
    shop = begin(LAN, MINH, HOA)
    (name,) = [id_ for of, id_ in shop.entities if of == kind]
    before = shop.commands
    assert shop.remove(kind, name).outcome is CrmOutcome.APPLIED
    assert shop.commands - before == 5
    assert not list_missing(shop)


MOVES: list[dict[str, Any]] = [
    {"warehouse_id": "north"},
    {"campaign_id": "tet", "care_status": PENDING},
    {"campaign_id": None},
    {"steps": {"retail": "new"}},
    {"steps": {"retail": "quoted"}},
    {"phones": (PHONE,)},
]
STEPS = st.one_of(
    st.tuples(st.just("patch"), st.sampled_from([LAN, MINH, HOA]), st.sampled_from(MOVES)),
    st.tuples(st.just("merge"), st.sampled_from([LAN, MINH]), st.just(HOA)),
    st.tuples(st.just("undo"), st.sampled_from([LAN, MINH, HOA]), st.integers(0, 2)),
    st.tuples(st.just("remove"), st.sampled_from(sorted(REMOVALS)), st.none()),
    st.tuples(st.just("put"), st.sampled_from([("new",), ("quoted",)]), st.none()),
)


@given(st.lists(STEPS, max_size=15))
def test_no_contact_refers_to_what_does_not_exist(steps: list[tuple[str, Any, Any]]) -> None:
    shop = begin(LAN, MINH, HOA)
    names = {"campaigns": "tet", "pipelines": "retail", "warehouses": "north"}
    for what, one, more in steps:
        match what:
            case "patch":
                shop.patch(one, **more)
            case "merge":
                shop.merge(one, more)
            case "undo":
                shop.undo(one, more)
            case "remove":
                shop.remove(one, names[one])
            case _:
                shop.put_pipeline(*one)
        assert not list_missing(shop)


def list_missing(shop: Organization) -> list[str]:
    """What contacts refer to, and what does not exist."""
    return [
        f"{id_}: {each}"
        for id_, contact in shop.unmerged().items()
        for each in _list_missing(shop, contact)
    ]


def _list_missing(shop: Organization, contact: ContactState) -> list[str]:
    pipeline = shop.entities.get(("pipelines", "retail"))
    steps = pipeline.steps if isinstance(pipeline, PipelineChanged) else ()
    known = [
        "default",
        *(id_ for _, id_ in shop.entities),
        *(f"retail:{step.id}" for step in steps),
    ]
    named = [contact.warehouse_id, contact.campaign_id]
    named += [f"{pipeline_id}:{step}" for pipeline_id, step in contact.steps.items()]
    return [each for each in named if each is not None and each not in known]
