"""Changing many contacts (S3), over contacts in memory."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.jobs.sharing_rig import BOSS, SHOP, START, SharedShop
from tuyen_crm.entities.contacts.decide import decide
from tuyen_directory.organization import Organization
from tuyen_events.contact_filter import ContactSelection
from tuyen_events.conversation_filter import Holder
from tuyen_events.crm.contacts import PatchContact
from tuyen_events.crm.records import CrmCommand, CrmCommandSettled
from tuyen_events.crm.shares import CareStatus
from tuyen_events.directory import AgentChanged
from tuyen_events.ids import AgentId, ContactId
from tuyen_events.jobs import ContactsChangeRequested, JobProgressed, SkippedItem
from tuyen_events.vocabulary import Role
from tuyen_gateway.adapters.skipped_items import InMemorySkippedItems
from tuyen_gateway.domain import jobs as domain
from tuyen_gateway.domain.contact_filter import ContactFilter
from tuyen_gateway.domain.contact_visibility import AccessLevel, ContactScope
from tuyen_gateway.domain.jobs import Job, evolve
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs import contact_changes, job_run
from tuyen_gateway.jobs.contact_changes import ContactsRun
from tuyen_gateway.jobs.turns import Turns
from tuyen_gateway.ports.views import VisibleContact

CONTACTS = 5


class Crash(Exception):
    """The process ends here."""


@dataclass
class ChangedShop(SharedShop):
    """A CRM, its view, and the log of one job. After `left` more steps the process ends."""

    left: int = 10_000
    job_now: Job | None = None
    finds: int = 0
    claimed_at: dict[int, ContactId] = field(default_factory=dict)
    renamed_at: dict[int, ContactId] = field(default_factory=dict)
    """Whom somebody else claims or renames, by the number of the search after which they do."""
    skipped_items: InMemorySkippedItems = field(default_factory=InMemorySkippedItems)
    _settled: dict[str, CrmCommandSettled] = field(default_factory=dict)

    def step(self) -> None:
        if self.left == 0:
            raise Crash
        self.left -= 1

    async def carry_out_all(
        self, commands: Sequence[CrmCommand]
    ) -> Mapping[str, CrmCommandSettled]:
        for command in commands:
            self.step()
            assert isinstance(command, PatchContact)
            self._settle(command)
        self.step()
        return {command.command_id: self._settled[command.command_id] for command in commands}

    def _settle(self, command: PatchContact) -> None:
        """As the decider does, which remembers what it carried out."""
        if command.command_id in self._settled:
            return
        known = self.known(command.contact_id)
        decision = decide(known, command)
        for event in decision.events:
            self.happen(event)
        self._settled[command.command_id] = CrmCommandSettled(
            command_id=command.command_id,
            organization=SHOP,
            contact_id=command.contact_id,
            outcome=decision.outcome,
            version=decision.version,
            refusal=decision.refusal,
        )

    async def find_contacts(
        self, scope: ContactScope, ids: Collection[ContactId]
    ) -> Sequence[VisibleContact]:
        self.catch_up()
        return [VisibleContact(self.documents[one], AccessLevel.WRITE) for one in ids]

    async def find_readable_ids(
        self, scope: ContactScope, wanted: ContactFilter, limit: int, after: ContactId | None
    ) -> Sequence[ContactId]:
        """Those of whom nobody has them. Afterwards some are changed by others."""
        self.catch_up()
        found = [
            one
            for one, contact in sorted(self.documents.items())
            if contact.assignee is None
            and (after is None or one > after)
            and (wanted.among is None or one in wanted.among)
        ]
        self.finds += 1
        if claimed := self.claimed_at.get(self.finds):
            self._patch(claimed, assignee=AgentId("minh"))
        if renamed := self.renamed_at.get(self.finds):
            self._patch(renamed, name="Minh")
        return found[:limit]

    def _patch(self, contact_id: ContactId, **given: Any) -> None:
        command = PatchContact(
            command_id=f"cmd_{contact_id}",
            organization=SHOP,
            contact_id=contact_id,
            at=START,
            by=BOSS,
            administrator=True,
            **given,
        )
        self._settle(command)

    # Jobs

    def job(self, job_id: str) -> Job | None:
        return self.job_now

    async def keep_request(self, job: Job) -> None:
        return

    async def report(self, progress: JobProgressed) -> None:
        self.step()
        self.job_now = evolve(self.job_now, progress)

    @contextmanager
    def ending(self, job_id: str) -> Iterator[None]:
        yield

    async def tidy(self, job: Job, forgotten: object) -> None:
        return

    def as_gateway(self) -> Gateway:
        return cast(
            "Gateway",
            SimpleNamespace(
                clock=self.clock,
                crm=self,
                crm_commands=self,
                jobs=self,
                skipped_items=self.skipped_items,
                directory=_Directory(),
            ),
        )


class _Directory:
    def __init__(self) -> None:
        self.table = self

    async def refresh(self, within_s: float) -> bool:
        return True


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_run, "SLICE", 2)
    monkeypatch.setattr(contact_changes, "_VIEW_BEHIND_S", 0.0)
    scope = ContactScope(organization=SHOP, agent_id=BOSS)

    async def load_contact_scope(_: ContactsRun) -> ContactScope:
        return scope

    boss = AgentChanged(
        organization=SHOP, at=START, id=BOSS, name="B", username="b", role=Role.SYSTEM_ADMIN
    )
    found = (Organization(id=SHOP), boss)
    monkeypatch.setattr(ContactsRun, "load_contact_scope", load_contact_scope)
    monkeypatch.setattr(ContactsRun, "find_requester", lambda _: found)


def begin_shop(campaign: str = "tet") -> ChangedShop:
    shop = ChangedShop()
    shop.add(*range(CONTACTS))
    shop.enroll(0, campaign=None, waits=False)
    fields: dict[str, Any] = {
        "campaign_id": campaign,
        "care_status": CareStatus.MULTI_ASSIGN_PENDING,
    }
    ids = tuple(ContactId(f"con_{number}") for number in range(CONTACTS))
    request = ContactsChangeRequested(
        job_id="job_1", organization=SHOP, at=START, by=BOSS, contact_ids=ids, **fields
    )
    shop.job_now = Job(request=request)
    return shop


async def run(shop: ChangedShop) -> JobProgressed:
    job = shop.job_now
    assert job is not None
    if not job.ended:
        await ContactsRun(shop.as_gateway(), job, Turns(1)).run()
    assert shop.job_now is not None
    assert shop.job_now.progress is not None
    return shop.job_now.progress


async def test_s3_every_contact_is_changed_once() -> None:
    shop = begin_shop()
    progress = await run(shop)
    assert (progress.total, progress.done, progress.changed) == (CONTACTS, CONTACTS, CONTACTS)
    assert all(shop.waits(number) for number in range(CONTACTS))


@given(crashes=st.lists(st.integers(0, 12), max_size=4))
async def test_s3_a_job_that_crashed_anywhere_changes_everything_once(crashes: list[int]) -> None:
    whole, crashed = begin_shop(), begin_shop()
    expected = await run(whole)
    for steps in crashes:
        crashed.left = steps
        with suppress(Crash):
            await run(crashed)
    crashed.left = 10_000
    assert await run(crashed) == expected
    assert [event.contact_id for event in crashed.events] == [
        event.contact_id for event in whole.events
    ]


async def test_s3_two_of_the_same_job_do_no_harm() -> None:
    shop = begin_shop()
    job = shop.job_now
    await run(shop)
    happened = len(shop.events)
    shop.job_now = job
    progress = await run(shop)
    assert len(shop.events) == happened
    assert progress.done == CONTACTS


async def test_s3_a_campaign_that_does_not_exist_skips_every_contact() -> None:
    shop = begin_shop("none")
    progress = await run(shop)
    assert progress.refused == {"no_campaign": CONTACTS}
    assert [each.id for each in progress.skipped] == [f"con_{number}" for number in range(CONTACTS)]
    assert not any(shop.waits(number) for number in range(CONTACTS))


@given(crashes=st.lists(st.integers(0, 12), max_size=4))
async def test_r9_5_the_progress_has_the_first_skipped_contacts_and_the_others_are_kept_once(
    crashes: list[int],
) -> None:
    shop = begin_shop("none")
    with patch.object(domain, "SKIPPED_SHOWN", 3):
        for steps in crashes:
            shop.left = steps
            with suppress(Crash):
                await run(shop)
        shop.left = 10_000
        progress = await run(shop)
    assert [each.id for each in progress.skipped] == ["con_0", "con_1", "con_2"]
    assert await shop.skipped_items.of(SHOP, "job_1") == (
        SkippedItem("con_3", "no_campaign"),
        SkippedItem("con_4", "no_campaign"),
    )


def begin_filtered(**given: Any) -> ChangedShop:
    """A job that gives those whom nobody has to an agent."""
    shop = begin_shop()
    request = ContactsChangeRequested(
        job_id="job_1",
        organization=SHOP,
        at=START,
        by=BOSS,
        selection=ContactSelection(held_by=Holder(agent_id=None)),
        **given,
    )
    shop.job_now = Job(request=request)
    return shop


async def test_w4_whoever_claims_a_contact_after_it_was_looked_up_keeps_it() -> None:
    """One is claimed before its batch, another one after it was matched again."""
    shop = begin_filtered(assignee=AgentId("lan"))
    shop.claimed_at = {3: ContactId("con_4"), 4: ContactId("con_1")}
    progress = await run(shop)
    assignees = [shop.documents[ContactId(f"con_{number}")].assignee for number in range(CONTACTS)]
    assert assignees == ["lan", "minh", "lan", "lan", "minh"]
    assert progress.refused == {"version_passed": 2}
    assert (progress.done, progress.changed) == (CONTACTS, 3)


async def test_s3_a_contact_that_somebody_changes_otherwise_is_tried_again() -> None:
    shop = begin_filtered(campaign_id="tet")
    shop.renamed_at = {4: ContactId("con_1")}
    progress = await run(shop)
    assert shop.documents[ContactId("con_1")].campaign_id == "tet"
    assert (progress.done, progress.changed) == (CONTACTS, CONTACTS)


@given(crashes=st.lists(st.integers(0, 12), max_size=4))
async def test_s3_a_job_by_filter_that_crashed_counts_what_it_changed_before(
    crashes: list[int],
) -> None:
    """What it has changed does not match its filter any more."""
    shop = begin_filtered(assignee=AgentId("lan"))
    for steps in crashes:
        shop.left = steps
        with suppress(Crash):
            await run(shop)
    shop.left = 10_000
    progress = await run(shop)
    assert (progress.done, progress.changed, progress.refused) == (CONTACTS, CONTACTS, {})
