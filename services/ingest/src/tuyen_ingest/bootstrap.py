"""Builds the service: ingest's global tables, its webhooks, and the application around them."""

from functools import partial

from starlette.applications import Starlette

from tuyen_channels.live_posts import Forgotten, LivePosts
from tuyen_channels.registry import open_channels
from tuyen_directory.records import DirectoryChange, read_change
from tuyen_events.codec import KeyedEvent, read_bytes, read_event
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.posts import PostClassified, ReplyPlaced
from tuyen_events.topics import DIRECTORY, PAGE_TOKENS, POSTS
from tuyen_ingest.acceptance import Acceptance
from tuyen_ingest.api.webhooks import Webhooks
from tuyen_ingest.domain.pages import ConnectedPages
from tuyen_ingest.forgetting import Forgetting
from tuyen_ingest.identity import SERVICE
from tuyen_ingest.ingest import Ingest
from tuyen_ingest.replay_requests import ReplayTable, run_replays
from tuyen_ingest.settings import IngestSettings
from tuyen_platform.clock import Clock
from tuyen_platform.health import Health
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.kafka.ports import Log, RecordPosition
from tuyen_platform.page_tokens import PageTokens
from tuyen_platform.service import Loop, Service


def build(settings: IngestSettings, log: Log, clock: Clock) -> Service:
    """Builds the service for a log. Nothing runs yet."""
    ingest = compose(settings, log, clock)
    requests = ReplayTable(log)
    loops: list[Loop] = [
        *(table.run for table in ingest.tables),
        requests.table.run,
        ingest.forgetting.run,
        partial(run_replays, ingest, log, requests),
    ]
    return Service(settings=settings, app=ingest.app, health=ingest.health, loops=loops)


def compose(settings: IngestSettings, log: Log, clock: Clock) -> Ingest:
    """The parts of the service, which a replay uses without its webhooks."""
    pages, posts, health = ConnectedPages(), LivePosts(), Health()
    tokens = PageTokens(settings.secrets_key)

    def fold_directory(changed: DirectoryChange, _position: RecordPosition) -> None:
        pages.apply(*changed)

    def fold_posts(record: KeyedEvent, _position: RecordPosition) -> None:
        organization, page, key = record.key.split("/", 2)
        fact = record.event or Forgotten(OrganizationId(organization), PageId(page))
        if isinstance(fact, PostClassified | ReplyPlaced | Forgotten):
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
    forgetting = Forgetting(
        log=log, pages=pages, directory=directory, posts=posts, posts_table=posts_table
    )
    return Ingest(app, acceptance, channels, health, tables, forgetting, clock)
