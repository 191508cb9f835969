"""Applies sharing rules to contacts: each rule on its schedule, and one that was changed or removed
at once to the contacts that it shared.

Decides S3 and S4.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import structlog

from tuyen_directory.organization import Organization
from tuyen_events.crm.shares import ApplySharingRule
from tuyen_events.ids import ContactId, OrganizationId, derive_command_id
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.retry import is_transient
from tuyen_gateway.jobs.turns import Turn, Turns
from tuyen_gateway.ports.sharing import SharedContact, SharingScans
from tuyen_gateway.view_wait import wait_until_shown
from tuyen_views.sharing_rules import SharingRuleDocument

BATCH = 200
"""How many contacts are under way at once: agents' commands are decided between two batches."""

_AT_ONCE = 4
"""How many organizations' batches are under way at once."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Run:
    """A run of a rule that is under way: its number, the revision of the rule, and the last contact
    that it has shared."""

    number: int
    revision: int
    reached: ContactId | None = None


class SharingSchedule:
    """Remembers for which time each rule was run last, in this process: after a start, each rule
    runs once more, which changes nothing.

    The CRM decides about each contact by the rule as it is then, so a second run, two gateways at
    once, or one that reads a view that is behind do no harm, and what a crash leaves undone is
    found by the next run.

    Organizations take turns, with one batch each, and before each batch its rules are read again.
    So a rule with a million contacts delays neither other organizations nor what is taken away
    meanwhile by more than some batches (R9.5).
    """

    def __init__(self) -> None:
        self._turns = Turns(_AT_ONCE)
        self._wanted: frozenset[OrganizationId] = frozenset()
        self._under_way: set[OrganizationId] = set()
        self._last: dict[tuple[OrganizationId, str], int] = {}
        self._runs: dict[tuple[OrganizationId, str], _Run] = {}

    async def share(self, gateway: Gateway, organizations: Iterable[Organization]) -> None:
        """Does what is due by now, and returns once the CRM has carried it out. It may be called
        again before it has returned: organizations that are still under way are left out then."""
        self._wanted = frozenset(each.id for each in organizations if not each.suspended)
        self._last = {key: at for key, at in self._last.items() if key[0] in self._wanted}
        async with asyncio.TaskGroup() as tasks:
            for organization in sorted(self._wanted - self._under_way):
                tasks.create_task(self._supervise(gateway, organization))

    async def _supervise(self, gateway: Gateway, organization: OrganizationId) -> None:
        """Shares for one organization, and is its one supervisor: if a server is unavailable, the
        rest is left to the next check; so it is if something raises an unexpected exception, and
        the other organizations continue (R9.5)."""
        self._under_way.add(organization)
        try:
            while organization in self._wanted and await self._share_batch(gateway, organization):
                pass
        except Exception as error:
            if is_transient(error):
                _log.warning("sharing_put_off", organization=organization, error=str(error))
            else:
                _log.exception("sharing_failed", organization=organization)
        finally:
            self._under_way.discard(organization)
            self._runs = {key: run for key, run in self._runs.items() if key[0] != organization}

    async def _share_batch(self, gateway: Gateway, organization: OrganizationId) -> bool:
        """Does the next batch of what is due. False if nothing is."""
        async with self._turns.turn(organization) as turn:
            rules = await gateway.sharing_scans.rules(organization)
            known = {(organization, rule.id) for rule in rules}
            self._last = {
                key: at for key, at in self._last.items() if key in known or key[0] != organization
            }
            revisions = {rule.id: rule.revision for rule in rules}
            if await _correct(gateway, organization, revisions, turn):
                return True
            for rule in rules:
                if await self._run_batch(gateway, rule):
                    return True
        return False

    async def _run_batch(self, gateway: Gateway, rule: SharingRuleDocument) -> bool:
        """Shares the next contacts of the rule's campaign that are not shared yet, if a run of it
        is due or under way. False if there are none."""
        key = (rule.organization, rule.id)
        run = self._runs.get(key)
        if run is None or run.revision != rule.revision:
            number = _number_run(rule, gateway.clock.now())
            if run is None and self._last.get(key) == number:
                return False
            run = _Run(number, rule.revision)
        found = await gateway.sharing_scans.waiting(rule, BATCH, run.reached)
        if not found:
            self._last[key] = run.number
            self._runs.pop(key, None)
            return False
        await _apply(gateway, rule.organization, found)
        self._runs[key] = replace(run, reached=found[-1].id)
        return True


async def _correct(
    gateway: Gateway, organization: OrganizationId, revisions: Mapping[str, int], turn: Turn
) -> bool:
    """Applies rules again that were changed or removed since, to some contacts. False if there are
    no such contacts."""
    scans = gateway.sharing_scans
    found = await scans.outdated(organization, revisions, BATCH)
    if not found:
        return False
    await _apply(gateway, organization, found)
    turn.give_back()
    ids = [contact.id for contact in found]
    await wait_until_shown(partial(_are_up_to_date, scans, organization, revisions, ids))
    return True


async def _are_up_to_date(
    scans: SharingScans,
    organization: OrganizationId,
    revisions: Mapping[str, int],
    ids: Sequence[ContactId],
) -> bool | None:
    """None while the view shows otherwise."""
    return None if await scans.outdated(organization, revisions, 1, ids) else True


async def _apply(
    gateway: Gateway, organization: OrganizationId, contacts: Sequence[SharedContact]
) -> None:
    commands = [
        ApplySharingRule(
            # Of a contact and a rule that have not changed, the same command.
            command_id=derive_command_id(rule_id, str(revision), contact.id, str(contact.sequence)),
            organization=organization,
            contact_id=contact.id,
            at=gateway.crm_commands.now(),
            rule_id=rule_id,
        )
        for contact in contacts
        for rule_id, revision in contact.rules.items()
    ]
    await gateway.crm_commands.carry_out_all(commands)
    _log.info(
        "sharing_rules_applied",
        organization=organization,
        contact_ids=[contact.id for contact in contacts],
    )


def _number_run(rule: SharingRuleDocument, now: datetime) -> int:
    """The number of the run that is due last by `now`."""
    return int(now.timestamp()) // (rule.every_minutes * 60)
