"""The composition root: the gateway's ports, and the tasks that keep them going."""

import asyncio
import secrets

from argon2 import PasswordHasher
from pydantic import SecretStr

from tuyen_events.limits import READ_WITHIN_S, WALK_WITHIN_S
from tuyen_gateway.adapters.brake import LoginBrake
from tuyen_gateway.adapters.commands import Commands
from tuyen_gateway.adapters.contacts import MongoContacts
from tuyen_gateway.adapters.credentials import Credentials
from tuyen_gateway.adapters.directory import Directory
from tuyen_gateway.adapters.in_turn import ContactsInTurn, ConversationsInTurn, InboxInTurn, Reads
from tuyen_gateway.adapters.jobs import Jobs
from tuyen_gateway.adapters.presence import PresenceBoard
from tuyen_gateway.adapters.seals import Seals
from tuyen_gateway.adapters.site_tokens import SiteTokens
from tuyen_gateway.adapters.tokens import Tokens
from tuyen_gateway.adapters.views import MongoViews
from tuyen_gateway.adapters.walks import MongoWalks
from tuyen_gateway.api.app import create_app
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.jobs.share import share_work
from tuyen_gateway.ports import ContactViews, ConversationViews, ConversationWalks, InboxViews
from tuyen_gateway.projections.keeping import keep_history
from tuyen_gateway.projections.run import run_projections
from tuyen_gateway.settings import GatewaySettings
from tuyen_platform.clock import Clock, SystemClock
from tuyen_platform.health import Health
from tuyen_platform.kafka.client import KafkaLog
from tuyen_platform.kafka.ports import Log
from tuyen_platform.mongodb import connect
from tuyen_platform.process import serve_service
from tuyen_platform.projection import ProjectionStatus


def compose(
    settings: GatewaySettings,
    log: Log,
    clock: Clock,
    *,
    views: ConversationViews,
    inbox: InboxViews,
    walks: ConversationWalks,
    contacts: ContactViews,
    hasher: PasswordHasher | None = None,
) -> Gateway:
    """The ports over a log and views. Nothing runs yet."""
    reads = Reads()
    key = settings.jwt_key or SecretStr(secrets.token_urlsafe(32))
    gateway = Gateway(
        settings=settings,
        clock=clock,
        log=log,
        health=Health(),
        directory=Directory(log, clock),
        credentials=Credentials(log, hasher or PasswordHasher()),
        site_tokens=SiteTokens(log, settings.secrets_key),
        tokens=Tokens(key, clock, settings.access_token_s, settings.refresh_token_s),
        seals=Seals(key, clock),
        brake=LoginBrake(clock),
        presence=PresenceBoard(log),
        commands=Commands(log),
        jobs=Jobs(log),
        views=ConversationsInTurn(views, reads),
        inbox=InboxInTurn(inbox, reads),
        walks=walks,
        contacts=ContactsInTurn(contacts, reads),
    )
    for copy in gateway.copies():
        gateway.health.ready_when(copy.topic.name, copy.problem)
    gateway.health.ready_when("views", views.problem)
    return gateway


async def run(settings: GatewaySettings, stopping: asyncio.Event) -> None:
    """Serves, and folds the views, until `stopping` is set. Anything unexpected escapes."""
    status = ProjectionStatus()
    database = connect(settings.mongodb, settings.database)
    asked = connect(settings.mongodb, settings.database, within_s=READ_WITHIN_S)
    walked = connect(settings.mongodb, settings.database, within_s=WALK_WITHIN_S)
    async with KafkaLog(settings.kafka, settings.topic_prefix) as log:
        inbox = MongoViews(asked, log, status)
        gateway = compose(
            settings,
            log,
            SystemClock(),
            views=inbox,
            inbox=inbox,
            walks=MongoWalks(walked),
            contacts=MongoContacts(asked),
        )
        gateway.health.live_when("projections", status.live)
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(copy.run()) for copy in gateway.copies()]
            running.append(tasks.create_task(run_projections(log, database, status)))
            running.append(tasks.create_task(keep_history(log)))
            running.append(tasks.create_task(share_work(gateway)))
            await serve_service(
                create_app(gateway),
                gateway.health,
                settings,
                stopping,
                trusted_proxies=settings.trusted_proxies,
            )
            for task in running:
                task.cancel()
    for opened in (database, asked, walked):
        opened.client.close()
