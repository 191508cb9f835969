"""Builds the gateway: its ports, and the tasks that keep them running."""

import secrets
from functools import partial

from argon2 import PasswordHasher
from pydantic import SecretStr

from tuyen_events.limits import READ_WITHIN_S, SCAN_WITHIN_S
from tuyen_gateway.adapters.commands import CommandSender
from tuyen_gateway.adapters.credentials import CredentialsTable
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_gateway.adapters.crm_commands import CrmCommandSender
from tuyen_gateway.adapters.directory import DirectoryTable
from tuyen_gateway.adapters.in_turn import ConversationsInTurn, CrmInTurn, InboxInTurn, Reads
from tuyen_gateway.adapters.jobs import JobsTable
from tuyen_gateway.adapters.live_views import MongoLiveViews
from tuyen_gateway.adapters.login_throttle import LocalLoginThrottle
from tuyen_gateway.adapters.presence import PresenceTable
from tuyen_gateway.adapters.scans import MongoScans
from tuyen_gateway.adapters.seals import FernetSeals
from tuyen_gateway.adapters.site_tokens import SiteTokensTable
from tuyen_gateway.adapters.tokens import JwtTokens
from tuyen_gateway.adapters.viewing import ViewingTable
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.api.app import create_app
from tuyen_gateway.api.live_rendering import ApiRenderer
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.job_scheduler import run_jobs
from tuyen_gateway.live.hub import LiveHub
from tuyen_gateway.live.sources import Sources
from tuyen_gateway.ports.live import LiveViews
from tuyen_gateway.ports.views import ConversationScans, ConversationViews, CrmViews, InboxViews
from tuyen_gateway.projections.keeping import keep_history
from tuyen_gateway.projections.run import run_projections
from tuyen_gateway.settings import GatewaySettings
from tuyen_platform.clock import Clock
from tuyen_platform.health import Health
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import connect
from tuyen_platform.service import Service


def compose(
    settings: GatewaySettings,
    log: Log,
    clock: Clock,
    *,
    views: ConversationViews,
    inbox: InboxViews,
    scans: ConversationScans,
    crm: CrmViews,
    live_views: LiveViews,
    hasher: PasswordHasher | None = None,
) -> Gateway:
    """Builds the ports for a log and views. Nothing runs yet."""
    reads = Reads()
    key = settings.jwt_key or SecretStr(secrets.token_urlsafe(32))
    sources = Sources(
        directory=DirectoryTable(log, clock),
        presence=PresenceTable(log),
        jobs=JobsTable(log),
        viewing=ViewingTable(log, clock),
        views=live_views,
        seals=FernetSeals(key, clock),
        renderer=ApiRenderer(),
        clock=clock,
    )
    gateway = Gateway(
        settings=settings,
        clock=clock,
        log=log,
        health=Health(),
        directory=sources.directory,
        credentials=CredentialsTable(log, hasher or PasswordHasher()),
        site_tokens=SiteTokensTable(log, settings.secrets_key),
        tokens=JwtTokens(key, clock, settings.access_token_s, settings.refresh_token_s),
        seals=sources.seals,
        login_throttle=LocalLoginThrottle(clock),
        presence=sources.presence,
        commands=CommandSender(log),
        jobs=sources.jobs,
        views=ConversationsInTurn(views, reads),
        inbox=InboxInTurn(inbox, reads),
        scans=scans,
        crm=CrmInTurn(crm, reads),
        crm_commands=CrmCommandSender(log, clock),
        viewing=sources.viewing,
        live=LiveHub(sources),
    )
    for table in gateway.tables():
        gateway.health.ready_when(table.topic.name, table.problem)
    gateway.health.ready_when("views", views.problem)
    return gateway


def build(settings: GatewaySettings, log: Log, clock: Clock) -> Service:
    """A gateway with its projections and its jobs. Nothing runs yet."""
    status = ConsumerStatus()
    database = connect(settings.mongodb, settings.database)
    for_callers = connect(settings.mongodb, settings.database, within_s=READ_WITHIN_S)
    for_jobs = connect(settings.mongodb, settings.database, within_s=SCAN_WITHIN_S)
    for_streams = connect(settings.mongodb, settings.database)
    inbox = MongoViews(for_callers, log, status)
    gateway = compose(
        settings,
        log,
        clock,
        views=inbox,
        inbox=inbox,
        scans=MongoScans(for_jobs),
        crm=MongoCrm(for_callers),
        live_views=MongoLiveViews(for_streams),
    )
    gateway.health.live_when("projections", status.live)

    def close() -> None:
        for opened in (database, for_callers, for_jobs, for_streams):
            opened.client.close()

    return Service(
        settings=settings,
        app=create_app(gateway),
        health=gateway.health,
        loops=[
            *(table.run for table in gateway.tables()),
            partial(run_projections, log, database, status),
            partial(keep_history, log),
            partial(run_jobs, gateway),
            gateway.live.run,
        ],
        stop=gateway.live.stop,
        trusted_proxies=settings.trusted_proxies,
        close=close,
    )
