"""Builds the gateway: its ports, and the tasks that keep them running."""

import secrets
from functools import partial

import httpx
from argon2 import PasswordHasher
from pydantic import SecretStr

from tuyen_attachments.mongodb import MongoAttachments
from tuyen_attachments.ports import Attachments
from tuyen_events.ids import OrganizationId
from tuyen_events.limits import READ_WITHIN_S, SCAN_WITHIN_S
from tuyen_events.vocabulary import Channel, Merging
from tuyen_gateway.adapters.attachments import (
    AttachmentAccessInTurn,
    AttachmentsInTurn,
    MongoAttachmentAccess,
)
from tuyen_gateway.adapters.audit import MongoAudit
from tuyen_gateway.adapters.channel_calls import ChannelCalls, ReachableChannels
from tuyen_gateway.adapters.choices import MongoChoices
from tuyen_gateway.adapters.cipher import FernetCipher
from tuyen_gateway.adapters.commands import CommandSender
from tuyen_gateway.adapters.credentials import CredentialsTable
from tuyen_gateway.adapters.crm import MongoCrm
from tuyen_gateway.adapters.crm_commands import CrmCommandSender
from tuyen_gateway.adapters.dead_letters import MongoDeadLetters
from tuyen_gateway.adapters.desk import DeskTable
from tuyen_gateway.adapters.directory import DirectoryTable
from tuyen_gateway.adapters.exports import LocalExportTurns
from tuyen_gateway.adapters.facebook_pages import FacebookPages
from tuyen_gateway.adapters.failed_replies import MongoFailedReplies
from tuyen_gateway.adapters.imports import MongoImportDrafts
from tuyen_gateway.adapters.jobs import JobsTable
from tuyen_gateway.adapters.live_views import MongoLiveViews
from tuyen_gateway.adapters.login_throttle import LocalLoginThrottle
from tuyen_gateway.adapters.logins import LoginsTable
from tuyen_gateway.adapters.media_fetcher import HttpMediaFetcher
from tuyen_gateway.adapters.openid import HttpOpenIdProvider
from tuyen_gateway.adapters.page_access import PageAccessTable
from tuyen_gateway.adapters.page_connections import PageConnectionsTable
from tuyen_gateway.adapters.posts import MongoPosts, PostsInTurn
from tuyen_gateway.adapters.presence import PresenceTable
from tuyen_gateway.adapters.read_limits import (
    ConversationsInTurn,
    CrmInTurn,
    InboxInTurn,
    ReadLimiter,
    RepliesInTurn,
)
from tuyen_gateway.adapters.reminders import RemindersTable
from tuyen_gateway.adapters.replays import ReplaysTable
from tuyen_gateway.adapters.replies import MongoReplies
from tuyen_gateway.adapters.reports import MongoReports
from tuyen_gateway.adapters.scans import MongoScans
from tuyen_gateway.adapters.sharing import MongoSharingScans
from tuyen_gateway.adapters.sheets import ProcessSheets
from tuyen_gateway.adapters.site_tokens import SiteTokensTable
from tuyen_gateway.adapters.skipped_items import MongoSkippedItems
from tuyen_gateway.adapters.tokens import JwtTokens
from tuyen_gateway.adapters.viewing import ViewingTable
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.adapters.waiting_media import MongoWaitingMedia
from tuyen_gateway.adapters.zalo_accounts import ZaloAccounts
from tuyen_gateway.api.app import create_app
from tuyen_gateway.api.live_rendering import ApiRenderer
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.attachment_cleanup import remove_outdated
from tuyen_gateway.jobs.job_scheduler import run_jobs
from tuyen_gateway.jobs.removed_agents import forget_removed_agents
from tuyen_gateway.live.hub import LiveHub
from tuyen_gateway.live.sources import Sources
from tuyen_gateway.media.keeper import MediaKeeper
from tuyen_gateway.media.observer import MediaObserver
from tuyen_gateway.ports.attachments import AttachmentAccess
from tuyen_gateway.ports.channels import ChannelLogins, Channels
from tuyen_gateway.ports.directory import Directory
from tuyen_gateway.ports.live import LiveViews
from tuyen_gateway.ports.posts import PostViews
from tuyen_gateway.ports.replies import Replies
from tuyen_gateway.ports.sharing import SharingScans
from tuyen_gateway.ports.views import ConversationScans, ConversationViews, CrmViews, InboxViews
from tuyen_gateway.projections.assignment_history import copy_assignment_history
from tuyen_gateway.projections.audit import run_audit
from tuyen_gateway.projections.collections import COLLECTIONS, FOLDED, JOURNAL, VIEW
from tuyen_gateway.projections.contact_changes import run_contact_changes
from tuyen_gateway.projections.dead_letters import run_dead_letters
from tuyen_gateway.projections.reports import (
    REPORT_COLLECTIONS,
    REPORTED,
    REPORTS,
    run_reports,
)
from tuyen_gateway.projections.run import run_projections
from tuyen_gateway.settings import GatewaySettings
from tuyen_platform.admitted_networks import AdmittedNetworks
from tuyen_platform.clock import Clock
from tuyen_platform.earlier_views import EarlierViewsCleanup
from tuyen_platform.file_links import FileLinks
from tuyen_platform.guarded_names import GuardedNames
from tuyen_platform.health import Health
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import Database, connect
from tuyen_platform.no_cookies import make_empty_jar
from tuyen_platform.service import Loop, Service


def compose(
    settings: GatewaySettings,
    log: Log,
    clock: Clock,
    *,
    views: ConversationViews,
    inbox: InboxViews,
    scans: ConversationScans,
    crm: CrmViews,
    sharing_scans: SharingScans,
    http: httpx.AsyncClient,
    database: Database,
    replies: Replies,
    attachments: Attachments,
    attachment_access: AttachmentAccess,
    posts: PostViews,
    live_views: LiveViews,
    hasher: PasswordHasher | None = None,
) -> Gateway:
    """Builds the ports for a log and views; `database` contains those. Nothing runs yet."""
    reads = ReadLimiter()
    crm_views = CrmInTurn(crm, reads)
    key = settings.jwt_key or SecretStr(secrets.token_urlsafe(32))
    sources = Sources(
        directory=DirectoryTable(log, clock),
        presence=PresenceTable(log),
        jobs=JobsTable(log),
        replays=ReplaysTable(log),
        reminders=RemindersTable(log),
        crm=crm_views,
        viewing=ViewingTable(log, clock),
        views=live_views,
        cipher=FernetCipher(key, clock),
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
        page_access=PageAccessTable(log, settings.secrets_key),
        page_connections=PageConnectionsTable(log, settings.secrets_key, clock),
        channels=_reach_channels(settings, http, clock),
        tokens=JwtTokens(key, clock, settings.access_token_s, settings.refresh_token_s),
        logins=LoginsTable(log, clock, max(settings.access_token_s, settings.refresh_token_s)),
        cipher=sources.cipher,
        login_throttle=LocalLoginThrottle(clock),
        desk=DeskTable(log),
        audit=MongoAudit(database, log, clock, reads),
        reports=MongoReports(database, reads),
        presence=sources.presence,
        choices=MongoChoices(database, reads),
        failed_replies=MongoFailedReplies(database, reads),
        commands=CommandSender(log),
        jobs=sources.jobs,
        skipped_items=MongoSkippedItems(database),
        views=ConversationsInTurn(views, reads),
        inbox=InboxInTurn(inbox, reads),
        scans=scans,
        crm=crm_views,
        crm_commands=CrmCommandSender(log, clock, partial(_read_merging, sources.directory)),
        sharing_scans=sharing_scans,
        import_drafts=MongoImportDrafts(database),
        sheets=ProcessSheets(),
        export_turns=LocalExportTurns(),
        dead_letters=MongoDeadLetters(database, log, reads),
        replays=sources.replays,
        reminders=sources.reminders,
        replies=RepliesInTurn(replies, reads),
        openid=_open_provider(settings, clock),
        attachments=AttachmentsInTurn(attachments, reads),
        attachment_access=AttachmentAccessInTurn(attachment_access, reads),
        file_links=FileLinks(settings.secrets_key),
        posts=PostsInTurn(posts, reads),
        viewing=sources.viewing,
        live=LiveHub(sources),
    )
    for table in gateway.tables():
        gateway.health.ready_when(table.topic.name, table.problem)
    gateway.health.ready_when("views", views.problem)
    return gateway


def _reach_channels(settings: GatewaySettings, http: httpx.AsyncClient, clock: Clock) -> Channels:
    facebook = FacebookPages(
        ChannelCalls(http, "Facebook"),
        settings.facebook_api,
        settings.facebook_dialog,
        settings.facebook_app_id,
        settings.facebook_app_secret,
    )
    logins: dict[Channel, ChannelLogins] = {}
    if settings.facebook_app_id is not None and settings.facebook_app_secret is not None:
        logins[Channel.FACEBOOK] = facebook
    if settings.zalo_app_id is not None and settings.zalo_app_secret is not None:
        logins[Channel.ZALO] = ZaloAccounts(
            ChannelCalls(http, "Zalo"),
            settings.zalo_api,
            settings.zalo_oauth,
            settings.zalo_app_id,
            settings.zalo_app_secret,
            clock=clock,
        )
    return ReachableChannels(logins, {Channel.FACEBOOK: facebook})


def _read_merging(directory: Directory, organization_id: OrganizationId) -> Merging:
    organization = directory.organization(organization_id)
    return Merging.PROPOSE if organization is None else organization.settings.merge_contacts


def _open_provider(settings: GatewaySettings, clock: Clock) -> HttpOpenIdProvider | None:
    if not settings.openid_issuer:
        return None
    return HttpOpenIdProvider(
        issuer=settings.openid_issuer,
        client_id=settings.openid_client_id,
        client_secret=settings.openid_client_secret,
        scopes=settings.openid_scopes,
        clock=clock,
    )


def build(settings: GatewaySettings, log: Log, clock: Clock) -> Service:
    """A gateway with its projections and its jobs. Nothing runs yet."""
    status, letters, audit, reports, contacts = (ConsumerStatus() for _ in range(5))
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
        sharing_scans=MongoSharingScans(for_jobs),
        # Whatever proxy leads outside, it does not lead to the channel doubles of this machine.
        http=httpx.AsyncClient(
            mounts={"all://127.0.0.1": None, "all://localhost": None}, cookies=make_empty_jar()
        ),
        database=for_callers,
        replies=MongoReplies(for_callers, log, clock),
        attachments=MongoAttachments(for_callers),
        attachment_access=MongoAttachmentAccess(for_callers),
        posts=MongoPosts(for_callers),
        live_views=MongoLiveViews(for_streams),
    )
    gateway.health.live_when("projections", status.live)
    gateway.health.live_when("dead_letters", letters.live)
    gateway.health.live_when("audit", audit.live)
    gateway.health.live_when("reports", reports.live)
    gateway.health.live_when("contact_changes", contacts.live)

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
            partial(copy_assignment_history, log),
            partial(run_dead_letters, log, database, letters),
            partial(run_audit, log, database, audit),
            partial(run_reports, log, database, gateway.directory, reports),
            partial(run_contact_changes, log, clock, database, contacts),
            EarlierViewsCleanup(
                log, database, *FOLDED, view=VIEW, collections=[*COLLECTIONS, JOURNAL]
            ).run,
            EarlierViewsCleanup(
                log, database, *REPORTED, view=REPORTS, collections=REPORT_COLLECTIONS
            ).run,
            partial(forget_removed_agents, gateway),
            partial(run_jobs, gateway),
            *_attachment_loops(gateway, for_jobs),
            gateway.live.run,
            gateway.audit.run,
        ],
        stop=gateway.live.stop,
        trusted_proxies=settings.trusted_proxies,
        close=close,
    )


def _attachment_loops(gateway: Gateway, database: Database) -> list[Loop]:
    """The loops that fetch the media of messages, and that remove outdated attachments."""
    log, clock, settings = gateway.log, gateway.clock, gateway.settings
    stored, waiting = MongoAttachments(database), MongoWaitingMedia(database)
    observer = MediaObserver(log, clock, waiting, stored)
    fetcher = HttpMediaFetcher(settings.media_hosts, GuardedNames(AdmittedNetworks()))
    keeper = MediaKeeper(log, clock, waiting, stored, fetcher, replies=gateway.replies)
    gateway.health.live_when("media", observer.status.live)
    return [observer.run, keeper.run, partial(remove_outdated, gateway, stored)]
