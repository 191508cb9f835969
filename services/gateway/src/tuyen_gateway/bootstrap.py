"""The composition root: the gateway's ports, and the tasks that keep them going."""

import secrets

from argon2 import PasswordHasher
from pydantic import SecretStr

from tuyen_gateway.adapters.brake import LoginBrake
from tuyen_gateway.adapters.commands import Commands
from tuyen_gateway.adapters.credentials import Credentials
from tuyen_gateway.adapters.directory import Directory
from tuyen_gateway.adapters.presence import PresenceBoard
from tuyen_gateway.adapters.tokens import Tokens
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports import ContactViews, ConversationViews, InboxViews
from tuyen_gateway.settings import GatewaySettings
from tuyen_platform.clock import Clock
from tuyen_platform.health import Health
from tuyen_platform.kafka.ports import Log


def compose(
    settings: GatewaySettings,
    log: Log,
    clock: Clock,
    *,
    views: ConversationViews,
    inbox: InboxViews,
    contacts: ContactViews,
    hasher: PasswordHasher | None = None,
) -> Gateway:
    """The ports over a log and views. Nothing runs yet."""
    key = settings.jwt_key or SecretStr(secrets.token_urlsafe(32))
    gateway = Gateway(
        settings=settings,
        clock=clock,
        log=log,
        health=Health(),
        directory=Directory(log, clock),
        credentials=Credentials(log, hasher or PasswordHasher()),
        tokens=Tokens(key, clock, settings.access_token_s, settings.refresh_token_s),
        brake=LoginBrake(clock),
        presence=PresenceBoard(log),
        commands=Commands(log),
        views=views,
        inbox=inbox,
        contacts=contacts,
    )
    for copy in gateway.copies():
        gateway.health.ready_when(copy.topic.name, copy.problem)
    gateway.health.ready_when("views", views.problem)
    return gateway
