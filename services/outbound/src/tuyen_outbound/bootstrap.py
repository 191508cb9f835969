"""Builds the service: the worker, its tables, and the application that reports their health."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.applications import Starlette

from tuyen_attachments.mongodb import MongoAttachments
from tuyen_channels.connectors import open_connectors
from tuyen_channels.ports import Connector
from tuyen_events.vocabulary import Channel
from tuyen_outbound.adapters.accounts import TableAccounts
from tuyen_outbound.adapters.files import StoredFiles
from tuyen_outbound.adapters.guarded_http import GuardedTransport
from tuyen_outbound.adapters.http import HttpTransport
from tuyen_outbound.ports import Files
from tuyen_outbound.reply_links import ReplyLinks
from tuyen_outbound.resources import Resources
from tuyen_outbound.results import Results
from tuyen_outbound.settings import OutboundSettings
from tuyen_outbound.upkeep import Upkeep
from tuyen_outbound.worker import OutboundWorker
from tuyen_platform.clock import Clock
from tuyen_platform.file_links import FileLinks
from tuyen_platform.health import Health
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import connect
from tuyen_platform.reply_networks import ReplyNetworks
from tuyen_platform.service import Loop, Service


@dataclass(frozen=True, slots=True)
class Outbound:
    """The parts of the service. The caller must run `loops`."""

    worker: OutboundWorker
    accounts: TableAccounts
    upkeep: Upkeep
    health: Health

    def loops(self) -> list[Loop]:
        tables = [table.run for table in self.accounts.tables]
        return [*tables, self.worker.run, self.upkeep.run]


def compose(
    settings: OutboundSettings,
    log: Log,
    clock: Clock,
    connectors: Mapping[Channel, Connector],
    files: Files,
) -> Outbound:
    """Builds the parts of the service. Nothing runs yet."""
    accounts = TableAccounts(log, settings.secrets_key, connectors)
    links = ReplyLinks(FileLinks(settings.secrets_key), settings.gateway_url)
    resources = Resources(
        clock=clock,
        links=links,
        connectors=connectors,
        accounts=accounts,
        files=files,
        results=Results(log, clock),
        settle_within_s=settings.settle_within_s,
    )
    worker, health = OutboundWorker(log, resources), Health()
    upkeep = Upkeep(accounts, connectors, clock, resources.calls, lambda: worker.partitions)
    health.live_when("worker", worker.status.live)
    health.ready_when("worker", worker.status.ready)
    for table in accounts.tables:
        health.ready_when(table.topic.name, table.problem)
    return Outbound(worker, accounts, upkeep, health)


def build(settings: OutboundSettings, log: Log, clock: Clock) -> Service:
    """Builds the service. Nothing runs yet."""
    transport = HttpTransport(settings.call_within_s)
    guarded = GuardedTransport(ReplyNetworks(settings.reply_networks))
    connectors = open_connectors(settings.reveal_connectors(), transport, guarded)
    database = connect(settings.mongodb, settings.database)
    composed = compose(settings, log, clock, connectors, StoredFiles(MongoAttachments(database)))
    return Service(
        settings=settings,
        app=Starlette(routes=composed.health.routes()),
        health=composed.health,
        loops=composed.loops(),
        close=database.client.close,
    )
