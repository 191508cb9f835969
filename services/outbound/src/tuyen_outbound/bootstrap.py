"""Builds the service: the worker, its tables, and the application that reports their health."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.applications import Starlette

from tuyen_attachments.mongodb import MongoAttachments
from tuyen_channels.connectors import open_connectors
from tuyen_channels.ports import Connector
from tuyen_channels.profile_sources import open_profile_sources
from tuyen_channels.profiles import ProfileSource
from tuyen_events.vocabulary import Channel
from tuyen_outbound.adapters.accounts import TableAccounts
from tuyen_outbound.adapters.files import StoredFiles
from tuyen_outbound.adapters.guarded_http import GuardedTransport
from tuyen_outbound.adapters.http import HttpTransport
from tuyen_outbound.adapters.waiting_profiles import MongoWaitingProfiles
from tuyen_outbound.ports import Files, WaitingProfiles
from tuyen_outbound.profiles.fetcher import ProfileFetcher
from tuyen_outbound.profiles.observer import ProfileObserver
from tuyen_outbound.reply_links import ReplyLinks
from tuyen_outbound.resources import Resources
from tuyen_outbound.results import Results
from tuyen_outbound.settings import OutboundSettings
from tuyen_outbound.token_refresher import TokenRefresher
from tuyen_outbound.worker import OutboundWorker
from tuyen_platform.admitted_networks import AdmittedNetworks
from tuyen_platform.clock import Clock
from tuyen_platform.file_links import FileLinks
from tuyen_platform.guarded_names import GuardedNames
from tuyen_platform.health import Health
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import connect
from tuyen_platform.service import Loop, Service


@dataclass(frozen=True, slots=True)
class Outbound:
    """The parts of the service. The caller must run `loops`."""

    worker: OutboundWorker
    accounts: TableAccounts
    token_refresher: TokenRefresher
    observer: ProfileObserver
    fetcher: ProfileFetcher
    health: Health

    def loops(self) -> list[Loop]:
        tables = [table.run for table in self.accounts.tables]
        return [
            *tables,
            self.worker.run,
            self.token_refresher.run,
            self.observer.run,
            self.fetcher.run,
        ]


def compose(
    settings: OutboundSettings,
    log: Log,
    clock: Clock,
    connectors: Mapping[Channel, Connector],
    files: Files,
    *,
    sources: Mapping[Channel, ProfileSource],
    waiting: WaitingProfiles,
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
        call_within_s=settings.call_within_s,
        settle_within_s=settings.settle_within_s,
    )
    worker, health = OutboundWorker(log, resources), Health()
    token_refresher = TokenRefresher(
        accounts, connectors, clock, resources.calls, lambda: worker.partitions
    )
    observer = ProfileObserver(log, clock, accounts, waiting)
    fetcher = ProfileFetcher(log, resources, sources, waiting)
    health.live_when("worker", worker.status.live)
    health.live_when("profiles", observer.status.live)
    health.ready_when("worker", worker.status.ready)
    for table in accounts.tables:
        health.ready_when(table.topic.name, table.problem)
    return Outbound(worker, accounts, token_refresher, observer, fetcher, health)


def build(settings: OutboundSettings, log: Log, clock: Clock) -> Service:
    """Builds the service. Nothing runs yet."""
    transport = HttpTransport(settings.call_within_s)
    guarded = GuardedTransport(GuardedNames(AdmittedNetworks(settings.reply_networks)))
    revealed = settings.reveal_connectors()
    database = connect(settings.mongodb, settings.database)
    composed = compose(
        settings,
        log,
        clock,
        open_connectors(revealed, transport, guarded),
        StoredFiles(MongoAttachments(database)),
        sources=open_profile_sources(revealed, transport),
        waiting=MongoWaitingProfiles(database),
    )
    return Service(
        settings=settings,
        app=Starlette(routes=composed.health.routes()),
        health=composed.health,
        loops=composed.loops(),
        finish=composed.worker.finish,
        close=database.client.close,
    )
