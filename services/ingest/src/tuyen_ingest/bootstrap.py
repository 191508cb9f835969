"""The composition root: ingest's copies, its webhooks, and the application around them."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.types import ASGIApp

from tuyen_channels.live_posts import Forgotten, LivePosts
from tuyen_channels.ports import WebhookChannel
from tuyen_channels.registry import open_channels
from tuyen_events.codec import decode_data
from tuyen_events.directory import DirectoryEvent
from tuyen_events.event import Event
from tuyen_events.ids import OrganizationId, PageId
from tuyen_events.posts import PostClassified, ReplyPlaced
from tuyen_events.topics import DIRECTORY, PAGE_TOKENS, POSTS
from tuyen_ingest.acceptance import Acceptance
from tuyen_ingest.api.webhooks import Webhooks
from tuyen_ingest.domain.pages import ConnectedPages
from tuyen_ingest.forgetting import Forgetting
from tuyen_ingest.settings import IngestSettings
from tuyen_platform.clock import Clock
from tuyen_platform.health import Health
from tuyen_platform.kafka.copies import LogCopy
from tuyen_platform.kafka.ports import Log, Record
from tuyen_platform.page_tokens import PageTokens


@dataclass(frozen=True, slots=True)
class Ingest:
    """The service. `copies` have to run for it to become ready; and `forgetting`, or what is known
    of posts outlives their pages."""

    app: ASGIApp
    acceptance: Acceptance
    channels: Mapping[str, WebhookChannel]
    health: Health
    copies: tuple[LogCopy, ...]
    forgetting: Forgetting


def compose(settings: IngestSettings, log: Log, clock: Clock) -> Ingest:
    """The service over a log. Nothing runs yet."""
    pages, posts, health = ConnectedPages(), LivePosts(), Health()
    tokens = PageTokens(settings.secrets_key)

    def fold_directory(record: Record) -> None:
        change = None if record.value is None else decode_data(record.headers, record.value)
        if change is None or isinstance(change, DirectoryEvent):
            pages.apply((record.key or b"").decode(), change)

    def fold_posts(record: Record) -> None:
        organization, page, key = (record.key or b"").decode().split("/", 2)
        fact: Event | Forgotten = Forgotten(OrganizationId(organization), PageId(page))
        if record.value is not None:
            fact = decode_data(record.headers, record.value)
        if isinstance(fact, PostClassified | ReplyPlaced | Forgotten):
            posts.apply(key, fact)

    directory = LogCopy(log, DIRECTORY, fold_directory, service="ingest")
    keys = LogCopy(log, PAGE_TOKENS, tokens.fold, service="ingest")
    posts_copy = LogCopy(log, POSTS, fold_posts, service="ingest")
    copies = (directory, posts_copy, keys)
    for copy in copies:
        health.ready_when(copy.topic.name, copy.problem)
    acceptance = Acceptance(
        log=log,
        pages=pages,
        directory=directory,
        posts=posts,
        tokens=tokens,
        within_s=settings.acknowledge_within_s,
    )
    channels = open_channels(settings.revealed_credentials(), tokens.token)
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
        log=log, pages=pages, directory=directory, posts=posts, posts_copy=posts_copy
    )
    return Ingest(app, acceptance, channels, health, copies, forgetting)
