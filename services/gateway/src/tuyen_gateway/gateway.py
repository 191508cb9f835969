"""The gateway's ports, as one value for the HTTP interface."""

from dataclasses import dataclass

from tuyen_attachments.ports import Attachments
from tuyen_gateway.ports.attachments import AttachmentAccess
from tuyen_gateway.ports.audit import Audit
from tuyen_gateway.ports.channels import Channels, PageAccess, PageConnections
from tuyen_gateway.ports.choices import RuleChoices
from tuyen_gateway.ports.commands import Commands, CrmCommands
from tuyen_gateway.ports.dead_letters import DeadLetters, Replays
from tuyen_gateway.ports.desk import Desk
from tuyen_gateway.ports.directory import Directory
from tuyen_gateway.ports.exports import ExportTurns
from tuyen_gateway.ports.failed_replies import FailedReplyViews
from tuyen_gateway.ports.imports import ImportDrafts
from tuyen_gateway.ports.jobs import Jobs
from tuyen_gateway.ports.live import LiveStreams, ViewingBoard
from tuyen_gateway.ports.logins import (
    AccessTokens,
    Cipher,
    Credentials,
    Logins,
    LoginThrottle,
    SiteTokens,
)
from tuyen_gateway.ports.openid import OpenIdProvider
from tuyen_gateway.ports.posts import PostViews
from tuyen_gateway.ports.presence import PresenceBoard
from tuyen_gateway.ports.reminders import Reminders
from tuyen_gateway.ports.replies import Replies
from tuyen_gateway.ports.reports import Reports
from tuyen_gateway.ports.sharing import SharingScans
from tuyen_gateway.ports.sheets import Sheets
from tuyen_gateway.ports.skipped_items import SkippedItems
from tuyen_gateway.ports.tables import FollowedTable
from tuyen_gateway.ports.views import ConversationScans, ConversationViews, CrmViews, InboxViews
from tuyen_gateway.settings import GatewaySettings
from tuyen_platform.clock import Clock
from tuyen_platform.file_links import FileLinks
from tuyen_platform.health import Health
from tuyen_platform.kafka.ports import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Everything that the HTTP interface depends on."""

    settings: GatewaySettings
    clock: Clock
    log: Log
    health: Health
    directory: Directory
    credentials: Credentials
    site_tokens: SiteTokens
    page_access: PageAccess
    page_connections: PageConnections
    channels: Channels
    tokens: AccessTokens
    logins: Logins
    cipher: Cipher
    login_throttle: LoginThrottle
    desk: Desk
    audit: Audit
    reports: Reports
    presence: PresenceBoard
    choices: RuleChoices
    commands: Commands
    jobs: Jobs
    skipped_items: SkippedItems
    views: ConversationViews
    inbox: InboxViews
    scans: ConversationScans
    crm: CrmViews
    crm_commands: CrmCommands
    sharing_scans: SharingScans
    import_drafts: ImportDrafts
    sheets: Sheets
    export_turns: ExportTurns
    viewing: ViewingBoard
    live: LiveStreams
    dead_letters: DeadLetters
    replays: Replays
    reminders: Reminders
    replies: Replies
    failed_replies: FailedReplyViews
    attachments: Attachments
    attachment_access: AttachmentAccess
    file_links: FileLinks
    posts: PostViews
    openid: OpenIdProvider | None = None
    """None if this installation has no OpenID provider."""

    def tables(self) -> tuple[FollowedTable, ...]:
        """The global tables, which must run for the ports to work."""
        return (
            self.directory.table,
            self.credentials.table,
            self.site_tokens.table,
            self.page_access.table,
            self.page_connections.table,
            self.logins.table,
            self.desk.table,
            self.replays.table,
            self.reminders.table,
            self.presence.table,
            self.commands.table,
            self.crm_commands.table,
            self.jobs.table,
            self.viewing.table,
        )
