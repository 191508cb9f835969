"""Proposals to merge contacts (C2): who sees and decides them, and that they say nothing else."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from gateway.api.crm.answering import CREATED, contact, crm, show
from gateway.api.crm.test_warehouses import fill, warehouse
from gateway.rig import Rig, User, records
from tuyen_events.crm.merge_proposals import DecideProposal, ProposalState
from tuyen_events.crm.records import CrmOutcome, CrmRefusal
from tuyen_events.ids import AgentId, ContactId
from tuyen_events.topics import CRM_COMMANDS
from tuyen_events.vocabulary import Merging
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_gateway.ports.views import MergeProposal
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_views.contacts import ContactDocument
from tuyen_views.merge_proposals import ProposalOfContact

PATH = "/v1/merge-proposals"
ACCEPT, DECLINE = {"accept": True}, {"accept": False}


def with_proposal(
    document: ContactDocument, number: int, other: int, state: ProposalState = ProposalState.OPEN
) -> ContactDocument:
    at = CREATED + timedelta(minutes=number)
    proposal = ProposalOfContact(
        id=f"mpr_{number}",
        place=f"{number:015d}.mpr_{number}",
        other=ContactId(f"con_{other}"),
        state=state,
        created_at=at,
        updated_at=at,
        version=1,
    )
    return replace(document, proposals=(*document.proposals, proposal))


@pytest.fixture
async def proposed(contacts: Database) -> Database:
    """Contact 0 is in the north, of Hoa; 1 in the south, of Quân; 3 is in the default warehouse, of
    the administrators. `mpr_1` is about 0 and 1, `mpr_2` about 0 and 3, and was declined."""
    await fill(contacts, warehouse("north", managers=("hoa",)))
    await fill(contacts, warehouse("south", members=("lan",), managers=("quan",)))
    north = replace(contact(0, "shop", "Vĩnh"), warehouse_id="north", assignee=AgentId("lan"))
    south = replace(contact(1, "shop", "Lan"), warehouse_id="south")
    north = with_proposal(with_proposal(north, 1, 1), 2, 3, ProposalState.DECLINED)
    default = with_proposal(contact(3, "shop", "Thu"), 2, 0, ProposalState.DECLINED)
    await show(contacts, north, with_proposal(south, 1, 0), default)
    return contacts


async def listed(user: User, query: str = "") -> list[str]:
    return [each["id"] for each in (await user.done("GET", f"{PATH}{query}"))["items"]]


async def test_c2_proposals_are_listed_newest_first_each_once(
    owner: User, proposed: Database
) -> None:
    assert await listed(owner) == ["mpr_2", "mpr_1"]
    first = await owner.done("GET", f"{PATH}?limit=1")
    rest = await owner.done("GET", f"{PATH}?limit=1&cursor={first['next']}")
    assert [each["id"] for each in rest["items"]] == ["mpr_1"]
    assert rest["next"] is None
    assert await listed(owner, "?state=open") == ["mpr_1"]
    assert await listed(owner, "?state=accepted") == []
    assert (await owner.get(f"{PATH}?state=ended")).status_code == 422


async def test_c2_a_proposal_says_nothing_of_the_contacts_but_their_ids(
    owner: User, proposed: Database
) -> None:
    (shown,) = (await owner.done("GET", f"{PATH}?state=open"))["items"]
    at = "2026-11-21T00:01:00Z"
    assert shown == {
        "id": "mpr_1",
        "contact_ids": ["con_0", "con_1"],
        "state": "open",
        "accepted_for": [],
        "created_at": at,
        "created_by": None,
        "updated_at": at,
        "version": 1,
    }


async def test_c2_managers_of_either_contact_see_it_and_nobody_else(
    desk: Rig, owner: User, proposed: Database, log: InMemoryLog
) -> None:
    rival = await desk.organization("rival")
    seen = {"hoa": ["mpr_2", "mpr_1"], "quan": ["mpr_1"], "lan": []}
    for name, expected in seen.items():
        assert await listed(await desk.staff(owner, name)) == expected
    assert await listed(await desk.staff(owner, "chain", "chain_manager")) == []
    assert await listed(rival) == []
    lan = await desk.staff(owner, "lan2")
    for user in (lan, rival):
        refused = await user.post(f"{PATH}/mpr_1", ACCEPT)
        missing = await user.post(f"{PATH}/mpr_9", ACCEPT)
        assert refused.status_code == missing.status_code == 404
        assert refused.text.replace("mpr_1", "x") == missing.text.replace("mpr_9", "x")
    assert await records(log, CRM_COMMANDS) == []


async def test_c2_of_contacts_that_were_merged_nothing_is_proposed(
    owner: User, proposed: Database
) -> None:
    hidden = replace(contact(0, "shop", "x"), warehouse_id="", merged_into=ContactId("con_1"))
    await show(proposed, with_proposal(hidden, 3, 4, ProposalState.ACCEPTED))
    assert await listed(owner) == ["mpr_2", "mpr_1"]


async def test_c2_what_a_manager_decides_is_a_command_to_the_crm(
    desk: Rig, owner: User, proposed: Database, log: InMemoryLog
) -> None:
    hoa = await desk.staff(owner, "hoa")
    async with crm(log, CrmOutcome.APPLIED, 2) as asked:
        answer = await hoa.call("POST", f"{PATH}/mpr_1", ACCEPT, {"If-Match": '"1"'})
        await owner.done("PUT", "/v1/settings", {"merge_contacts": "at_once"})
        declined = await owner.done("POST", f"{PATH}/mpr_1", DECLINE)
    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    shown = answer.json()
    assert (shown["state"], shown["accepted_for"], shown["version"]) == ("open", ["con_0"], 2)
    assert declined["state"] == "declined"
    accepts, declines = asked
    assert isinstance(accepts, DecideProposal)
    assert isinstance(declines, DecideProposal)
    assert {accepts.contact_id, accepts.other} == {"con_0", "con_1"}
    assert (accepts.proposal_id, accepts.by, accepts.accept) == ("mpr_1", "hoa", True)
    assert (accepts.administrator, accepts.expected_version) == (False, 1)
    assert (declines.administrator, declines.accept) == (True, False)
    assert (accepts.merging, declines.merging) == (Merging.PROPOSE, Merging.AT_ONCE)


async def test_c2_once_both_sides_have_accepted_the_answer_is_accepted(
    owner: User, proposed: Database, log: InMemoryLog
) -> None:
    async with crm(log, CrmOutcome.APPLIED, 3, survivor=ContactId("con_0")):
        answer = await owner.done("POST", f"{PATH}/mpr_1", ACCEPT)
    assert (answer["state"], answer["accepted_for"], answer["version"]) == ("accepted", [], 3)


@pytest.mark.parametrize(
    ("outcome", "refusal", "expected"),
    [
        (CrmOutcome.REFUSED, CrmRefusal.DECIDED, 409),
        (CrmOutcome.REFUSED, CrmRefusal.TOO_MANY, 409),
        (CrmOutcome.VERSION_PASSED, None, 412),
        (CrmOutcome.NOT_FOUND, None, 404),
        (CrmOutcome.UNCHANGED, None, 200),
    ],
)
async def test_c2_a_proposal_that_the_crm_does_not_decide_so(
    owner: User,
    proposed: Database,
    log: InMemoryLog,
    *,
    outcome: CrmOutcome,
    refusal: CrmRefusal | None,
    expected: int,
) -> None:
    async with crm(log, outcome, 1, refusal=refusal):
        assert (await owner.post(f"{PATH}/mpr_1", ACCEPT)).status_code == expected


async def test_c2_a_decision_is_answered_once_both_contacts_show_it(
    owner: User, proposed: Database, log: InMemoryLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proposal has versions of its own, which are lower than those of the contacts."""
    waited = []

    async def wait(_crm: object, proposal: MergeProposal, version: int, *, merged: bool) -> None:
        waited.append((proposal.shown.id, version, merged))

    monkeypatch.setattr(MongoCrm, "wait_for_proposal", wait)
    async with crm(log, CrmOutcome.APPLIED, 2):
        await owner.done("POST", f"{PATH}/mpr_1", DECLINE)
    async with crm(log, CrmOutcome.APPLIED, 2, survivor=ContactId("con_0")):
        await owner.done("POST", f"{PATH}/mpr_1", ACCEPT)
    assert waited == [("mpr_1", 2, False), ("mpr_1", 2, True)]


async def test_c2_a_proposal_is_shown_once_both_contacts_have_its_version_or_are_merged(
    proposed: Database,
) -> None:
    reads, quick = MongoCrm(proposed, shown_within_s=60.0), MongoCrm(proposed, shown_within_s=0.3)
    north = with_proposal(contact(0, "shop", "Vĩnh", sequence=9), 1, 1)
    south = with_proposal(contact(1, "shop", "Lan", sequence=9), 1, 0)
    await show(proposed, north, south)
    proposal = MergeProposal(contact_id=north.id, shown=north.proposals[0])
    await reads.wait_for_proposal(proposal, 1, merged=False)
    for merged in (False, True):
        started = asyncio.get_running_loop().time()
        await quick.wait_for_proposal(proposal, 2, merged=merged)
        assert asyncio.get_running_loop().time() - started >= 0.3
    waiting = asyncio.create_task(reads.wait_for_proposal(proposal, 2, merged=True))
    await show(proposed, replace(north, merged=(south.id,)))
    assert not waiting.done()
    await show(proposed, replace(south, merged_into=north.id))
    await asyncio.wait_for(waiting, 20)
