"""Sends commands to the CRM and receives their results."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic

import msgspec

from tuyen_events.codec import Headers, encode
from tuyen_events.crm.calls import RecordCall
from tuyen_events.crm.leads import ReceiveLead
from tuyen_events.crm.records import CrmCommand, CrmCommandSettled, MergingCommand
from tuyen_events.crm_limits import (
    INTEGRATION_BYTES_AN_HOUR,
    INTEGRATION_COMMANDS_AN_HOUR,
    INTEGRATIONS_BYTES_AN_HOUR,
    INTEGRATIONS_COMMANDS_AN_HOUR,
)
from tuyen_events.event import Envelope
from tuyen_events.ids import IntegrationId, OrganizationId
from tuyen_events.limits import CRM_BYTES_AN_HOUR, CRM_COMMANDS_AN_HOUR
from tuyen_events.topics import CRM_COMMANDS, CRM_RESULTS
from tuyen_events.vocabulary import Merging
from tuyen_gateway.adapters.command_results import CommandResults
from tuyen_gateway.adapters.quotas import HourlyQuota, KeyT
from tuyen_gateway.errors import UnavailableError
from tuyen_gateway.identity import SOURCE
from tuyen_gateway.ports.tables import WAIT_S
from tuyen_platform.clock import Clock
from tuyen_platform.kafka.ports import Log, ProducerRecord


@dataclass(frozen=True, slots=True)
class _Allowance(Generic[KeyT]):
    """So many commands, and so many bytes."""

    number: HourlyQuota[KeyT]
    total: HourlyQuota[KeyT]

    def check(self, key: KeyT, size: int, now: datetime) -> None:
        self.number.check(key, 1, now)
        self.total.check(key, size, now)

    def take(self, key: KeyT, size: int, now: datetime) -> None:
        """Takes one, and its bytes, or nothing if there are too few left of either."""
        self.check(key, size, now)
        self.number.take(key, 1, now)
        self.total.take(key, size, now)


class CrmCommandSender:
    """`CrmCommands`, through the log. `merging` is what an organization has set for contacts that
    different people look after: the commands that may merge some contain it (C2)."""

    def __init__(
        self,
        log: Log,
        clock: Clock,
        merging: Callable[[OrganizationId], Merging],
        wait_s: float = WAIT_S,
    ) -> None:
        self._log = log
        self._clock = clock
        self._merging = merging
        self._wait_s = wait_s
        self._people: _Allowance[OrganizationId] = _Allowance(
            HourlyQuota(CRM_COMMANDS_AN_HOUR, "Your organization changed contacts too often"),
            HourlyQuota(CRM_BYTES_AN_HOUR, "Your organization changed contacts in too many bytes"),
        )
        self._integration: _Allowance[tuple[OrganizationId, IntegrationId]] = _Allowance(
            HourlyQuota(INTEGRATION_COMMANDS_AN_HOUR, "This integration sent too often"),
            HourlyQuota(INTEGRATION_BYTES_AN_HOUR, "This integration sent too many bytes"),
        )
        self._integrations: _Allowance[OrganizationId] = _Allowance(
            HourlyQuota(INTEGRATIONS_COMMANDS_AN_HOUR, "Your integrations sent too often"),
            HourlyQuota(INTEGRATIONS_BYTES_AN_HOUR, "Your integrations sent too many bytes"),
        )
        self._results = CommandResults(log, CRM_RESULTS, CrmCommandSettled)
        self.table = self._results.table

    def now(self) -> datetime:
        now = self._clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    async def carry_out(self, command: CrmCommand) -> CrmCommandSettled:
        await self.table.require_following()
        value, headers = self._encode(command)
        self._count(command, len(value) - _count_staff(command))
        with self._results.receiving([command.command_id]) as results:
            try:
                await self._log.append_bytes(CRM_COMMANDS, command.organization, value, headers)
                async with asyncio.timeout(self._wait_s):
                    return await results[command.command_id]
            except TimeoutError as error:
                raise UnavailableError(
                    "The CRM has not answered yet. The change is in the log and will be carried "
                    "out: look at the contact again, and do not repeat it."
                ) from error

    async def carry_out_all(
        self, commands: Sequence[CrmCommand]
    ) -> Mapping[str, CrmCommandSettled]:
        await self.table.require_following()
        records = [
            ProducerRecord(CRM_COMMANDS, command.organization, *self._encode(command))
            for command in commands
        ]
        with self._results.receiving([command.command_id for command in commands]) as results:
            await self._log.append_all(records)
            try:
                async with asyncio.timeout(self._wait_s):
                    return {id_: await result for id_, result in results.items()}
            except TimeoutError as error:
                raise UnavailableError("The CRM has not answered yet.") from error

    def _count(self, command: CrmCommand, size: int) -> None:
        """Counts the commands of integrations apart from those of people, whose limit they do not
        use up."""
        organization, now = command.organization, self._clock.now()
        if isinstance(command, RecordCall | ReceiveLead):
            own = (organization, command.integration_id)
            self._integration.check(own, size, now)
            self._integrations.take(organization, size, now)
            self._integration.take(own, size, now)
        else:
            self._people.take(organization, size, now)

    def _encode(self, command: CrmCommand) -> tuple[bytes, Headers]:
        if isinstance(command, MergingCommand):
            merging = self._merging(command.organization)
            command = msgspec.structs.replace(command, merging=merging)
        return encode(
            Envelope(
                id=command.command_id,
                source=SOURCE,
                subject=command.subject,
                time=command.at,
                data=command,
            )
        )


def _count_staff(command: CrmCommand) -> int:
    """The bytes of the agents who may get a new contact. The gateway names them, and nobody sends
    them: with 2,000 agents they are many times what was sent."""
    return len(msgspec.json.encode(getattr(command, "staff", ())))
