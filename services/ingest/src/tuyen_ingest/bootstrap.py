"""Builds the service: ingest's global tables, its webhooks, and the application around them."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial

from starlette.applications import Starlette
from starlette.types import ASGIApp

from tuyen_attachments.mongodb import MongoAttachments
from tuyen_attachments.ports import Attachments
from tuyen_channels.live_posts import LivePosts, PostRecordRemoved
from tuyen_channels.registry import open_channels
from tuyen_directory.records import DirectoryChange, read_change
from tuyen_events.codec import KeyedEvent, read_bytes, read_event
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.limits import READ_WITHIN_S
from tuyen_events.posts import PostClassified, ReplyPlaced
from tuyen_events.topics import DIRECTORY, PAGE_TOKENS, POSTS
from tuyen_events.vocabulary import Channel
from tuyen_ingest.acceptance import Acceptance
from tuyen_ingest.adapters.online_agents import OnlineAgentsTable
from tuyen_ingest.adapters.thread_signals import LogThreadSignals
from tuyen_ingest.adapters.visitor_cipher import FernetVisitorCipher
from tuyen_ingest.adapters.visitor_threads import MongoVisitorThreads
from tuyen_ingest.api.visitors import VisitorRoutes
from tuyen_ingest.api.webhooks import Webhooks
from tuyen_ingest.domain.organizations import KnownOrganizations
from tuyen_ingest.domain.pages import ConnectedPages
from tuyen_ingest.identity import SERVICE
from tuyen_ingest.ingest import Ingest
from tuyen_ingest.ports import VisitorThreads
from tuyen_ingest.post_cleanup import PostCleanup
from tuyen_ingest.projections.visitor_threads import THREADS_VIEW, run_visitor_threads
from tuyen_ingest.replay_requests import ReplayTable, run_replays
from tuyen_ingest.settings import IngestSettings
from tuyen_ingest.sites import Sites
from tuyen_ingest.visitor_rates import VisitorRates
from tuyen_ingest.visitor_reads import VisitorReads
from tuyen_ingest.visitor_writes import VisitorWrites
from tuyen_platform.clock import Clock
from tuyen_platform.health import Health
from tuyen_platform.kafka.consumer import ConsumerStatus
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.ports import Log, RecordPosition
from tuyen_platform.mongodb import connect
from tuyen_platform.page_tokens import PageTokens
from tuyen_platform.projection import MongoPositions, Positions
from tuyen_platform.service import Loop, Service


def build(settings: IngestSettings, log: Log, clock: Clock) -> Service:
    """Builds the service for a log. Nothing runs yet."""
    if not settings.mongodb:
        raise ValueError("TUYEN_MONGODB is not set: the threads of sites' visitors are there")
    ingest = compose(settings, log, clock)
    requests = ReplayTable(log)
    database = connect(settings.mongodb, settings.database)
    for_callers = connect(settings.mongodb, settings.database, within_s=READ_WITHIN_S)
    visitors = compose_visitors(
        ingest,
        settings,
        log,
        threads=MongoVisitorThreads(for_callers, clock),
        attachments=MongoAttachments(for_callers),
    )
    keep_threads = partial(
        visitors.keep_threads,
        MongoVisitorThreads(database, clock),
        MongoPositions(database, THREADS_VIEW),
    )

    def close() -> None:
        for opened in (database, for_callers):
            opened.client.close()

    return Service(
        settings=settings,
        app=visitors.app,
        health=ingest.health,
        loops=[
            *(table.run for table in ingest.tables),
            requests.table.run,
            ingest.post_cleanup.run,
            partial(run_replays, ingest, log, requests),
            *visitors.loops,
            keep_threads,
        ],
        trusted_proxies=settings.trusted_proxies,
        stop=visitors.signals.stop,
        close=close,
    )


def compose(settings: IngestSettings, log: Log, clock: Clock) -> Ingest:
    """The parts of the service, which a replay uses without its webhooks."""
    pages, posts, health = ConnectedPages(), LivePosts(), Health()
    organizations, tokens = KnownOrganizations(), PageTokens(settings.secrets_key)

    def fold_directory(changed: DirectoryChange, position: RecordPosition) -> None:
        pages.apply(*changed)
        organizations.apply(*changed, position.timestamp)

    def fold_posts(record: KeyedEvent, _position: RecordPosition) -> None:
        organization, page, key = record.key.split("/", 2)
        fact = record.event or PostRecordRemoved(OrganizationId(organization), PageId(page))
        if isinstance(fact, PostClassified | ReplyPlaced | PostRecordRemoved):
            posts.apply(key, fact)

    directory = GlobalTable(log, DIRECTORY, read_change, fold_directory, service=SERVICE)
    keys = GlobalTable(log, PAGE_TOKENS, read_bytes, tokens.fold, service=SERVICE)
    posts_table = GlobalTable(log, POSTS, read_event, fold_posts, service=SERVICE)
    tables = (directory, posts_table, keys)
    for table in tables:
        health.ready_when(table.topic.name, table.problem)
    acceptance = Acceptance(
        log=log,
        pages=pages,
        directory=directory,
        posts=posts,
        tokens=tokens,
        within_s=settings.acknowledge_within_s,
    )
    channels = open_channels(settings.reveal_credentials(), tokens.token)
    others = Starlette(routes=health.routes())
    app = Webhooks(
        channels=channels,
        tokens=keys,
        acceptance=acceptance,
        health=health,
        clock=clock,
        others=others,
        body_within_s=settings.body_within_s,
    )
    post_cleanup = PostCleanup(
        log=log, pages=pages, directory=directory, posts=posts, posts_table=posts_table
    )
    return Ingest(
        app=app,
        acceptance=acceptance,
        channels=channels,
        health=health,
        tables=tables,
        post_cleanup=post_cleanup,
        clock=clock,
        pages=pages,
        organizations=organizations,
        tokens=tokens,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitors:
    """The parts that serve sites' visitors, in front of the webhooks. The caller must run `loops`
    and `keep_threads`."""

    app: ASGIApp
    signals: LogThreadSignals
    loops: Sequence[Loop]
    keep_threads: Callable[[VisitorThreads, Positions], Coroutine[None, None, None]]
    """Folds visitors' threads from the log."""


def compose_visitors(
    ingest: Ingest,
    settings: IngestSettings,
    log: Log,
    *,
    threads: VisitorThreads,
    attachments: Attachments,
) -> Visitors:
    """Adds the widget's routes to ingest. Nothing runs yet."""
    clock, status = ingest.clock, ConsumerStatus()
    online, signals = OnlineAgentsTable(log), LogThreadSignals(log, clock)
    ingest.health.ready_when(online.table.topic.name, online.table.problem)
    ingest.health.live_when("visitor_threads", status.live)
    sites = Sites(ingest.pages, ingest.organizations, ingest.directory, online)
    cipher = FernetVisitorCipher(settings.secrets_key, clock)
    writes = VisitorWrites(
        channel=ingest.channels[Channel.LIVECHAT],
        acceptance=ingest.acceptance,
        tokens=ingest.tokens.token,
        tokens_table=ingest.page_tokens,
        signals=signals,
        attachments=attachments,
        clock=clock,
    )
    routes = VisitorRoutes(
        sites=sites,
        writes=writes,
        reads=VisitorReads(sites, threads, signals, cipher, attachments),
        cipher=cipher,
        rates=VisitorRates(clock),
        others=ingest.app,
    )

    async def keep_threads(kept: VisitorThreads, positions: Positions) -> None:
        await run_visitor_threads(
            log,
            threads=kept,
            positions=positions,
            organizations=ingest.organizations,
            directory=ingest.directory,
            status=status,
        )

    loops: list[Loop] = [online.table.run, signals.run]
    return Visitors(app=routes, signals=signals, loops=loops, keep_threads=keep_threads)
