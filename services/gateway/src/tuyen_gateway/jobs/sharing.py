"""Applies sharing rules to contacts: each rule on its schedule, and one that was changed or removed
at once to the contacts that it shared.

Decides S3 and S4.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial

import structlog

from tuyen_directory.organization import Organization
from tuyen_events.crm.shares import ApplySharingRule
from tuyen_events.ids import ContactId, OrganizationId, derive_command_id
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.retry import is_transient
from tuyen_gateway.ports.sharing import SharedContact, SharingScans
from tuyen_gateway.showing import wait_until_shown
from tuyen_views.sharing_rules import SharingRuleDocument

BATCH = 200
"""How many contacts are under way at once: agents' commands are decided between two batches."""

_log = structlog.get_logger()


class SharingSchedule:
    """Remembers for which time each rule was run last, in this process: after a start, each rule
    runs once more, which changes nothing.

    The CRM decides about each contact by the rule as it is then, so a second run, two gateways at
    once, or one that reads a view that is behind do no harm, and what a crash leaves undone is
    found by the next run.
    """

    def __init__(self) -> None:
        self._last: dict[tuple[OrganizationId, str], int] = {}

    async def share(self, gateway: Gateway, organizations: Iterable[Organization]) -> None:
        """Does what is due by now, and returns once the CRM has carried it out. If a server is
        unavailable, the rest of an organization is left to the next check; so it is if it raises an
        unexpected exception, and the other organizations continue (R9.5)."""
        wanted = {each.id for each in organizations if not each.suspended}
        self._last = {key: at for key, at in self._last.items() if key[0] in wanted}
        for organization in sorted(wanted):
            try:
                await self._share(gateway, organization)
            except Exception as error:
                # The supervisor of one organization's rules: others must not stop because of it.
                if is_transient(error):
                    _log.warning("sharing_put_off", organization=organization, error=str(error))
                else:
                    _log.exception("sharing_failed", organization=organization)

    async def _share(self, gateway: Gateway, organization: OrganizationId) -> None:
        rules = await gateway.sharing_scans.rules(organization)
        await _correct(gateway, organization, {rule.id: rule.revision for rule in rules})
        known = {(organization, rule.id) for rule in rules}
        self._last = {
            key: at for key, at in self._last.items() if key in known or key[0] != organization
        }
        for rule in rules:
            key, run = (organization, rule.id), _number_run(rule, gateway.clock.now())
            if self._last.get(key) != run:
                await _run(gateway, rule)
                self._last[key] = run


async def _correct(
    gateway: Gateway, organization: OrganizationId, revisions: Mapping[str, int]
) -> None:
    """Applies rules again that were changed or removed since."""
    scans = gateway.sharing_scans
    while found := await scans.outdated(organization, revisions, BATCH):
        await _apply(gateway, organization, found)
        ids = [contact.id for contact in found]
        await wait_until_shown(partial(_are_up_to_date, scans, organization, revisions, ids))


async def _are_up_to_date(
    scans: SharingScans,
    organization: OrganizationId,
    revisions: Mapping[str, int],
    ids: Sequence[ContactId],
) -> bool | None:
    """None while the view shows otherwise."""
    return None if await scans.outdated(organization, revisions, 1, ids) else True


async def _run(gateway: Gateway, rule: SharingRuleDocument) -> None:
    """Shares the contacts of the rule's campaign that are not shared yet."""
    after: ContactId | None = None
    while found := await gateway.sharing_scans.waiting(rule, BATCH, after):
        await _apply(gateway, rule.organization, found)
        after = found[-1].id


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
