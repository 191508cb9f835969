"""The parts of the service, as one value for those who run it or use them without its webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp

from tuyen_channels.ports import WebhookChannel
from tuyen_ingest.acceptance import Acceptance
from tuyen_ingest.domain.organizations import KnownOrganizations
from tuyen_ingest.domain.pages import ConnectedPages
from tuyen_ingest.post_cleanup import PostCleanup
from tuyen_platform.clock import Clock
from tuyen_platform.health import Health
from tuyen_platform.kafka.global_table import GlobalTable
from tuyen_platform.page_tokens import PageTokens


@dataclass(frozen=True, slots=True)
class Ingest:
    """The parts of the service. The caller must run `tables`, and `post_cleanup`, which removes
    what is known of the posts of removed pages. The service is ready once the tables have caught
    up."""

    app: ASGIApp
    acceptance: Acceptance
    channels: Mapping[str, WebhookChannel]
    health: Health
    tables: tuple[GlobalTable, ...]
    post_cleanup: PostCleanup
    clock: Clock
    pages: ConnectedPages
    organizations: KnownOrganizations
    tokens: PageTokens

    @property
    def directory(self) -> GlobalTable:
        """The table that `pages` and `organizations` follow."""
        return self.tables[0]

    @property
    def page_tokens(self) -> GlobalTable:
        """The table that `tokens` follows."""
        return self.tables[-1]
