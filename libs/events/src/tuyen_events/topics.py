"""The topics: content, key, number of partitions and retention of each.

Topics are created from this table only. The number of partitions never changes once there is data:
a customer's order and a rule's rotation each depend on one partition.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from tuyen_events import (
    assignments,
    audit_topics,
    commands,
    crm,
    dead_letters,
    desk,
    directory,
    inbound,
    jobs,
    marks,
    outbound_topics,
    pools,
    posts,
    presence,
    reminder_topics,
    replays,
    routing,
    viewing,
)
from tuyen_events.crm.records import CrmCommandSettled
from tuyen_events.topic import CUSTOMER_PARTITIONS, ORGANIZATION_PARTITIONS, Cleanup, Topic

_FOREVER = None
_MONTH = timedelta(days=30)
_QUARTER = timedelta(days=90)

_SOON = timedelta(minutes=10)
"""How long superseded records stay in a topic that every process reads as a whole when it starts:
with the default it would read each change of a day. Two records with the same version (decision 22)
are read within that time."""
_A_DAY = timedelta(days=1)
"""How long removals stay there, for processes that were cut off for a shorter time."""

INBOUND = Topic(
    name="inbound",
    key="organization/page/customer",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_FOREVER,
    public=True,
    carries="normalized inbound events of all channels",
    events=(
        inbound.MessageReceived,
        inbound.MessageEchoed,
        inbound.MessageEdited,
        inbound.MessageDeleted,
        inbound.MessageReacted,
        inbound.MessagesDelivered,
        inbound.MessagesSeen,
        inbound.CustomerDescribed,
        inbound.CustomerFollowed,
        inbound.CustomerUnfollowed,
        inbound.CustomerReferred,
        inbound.CommentAdded,
        inbound.CommentEdited,
        inbound.CommentRemoved,
        inbound.CommentHidden,
        inbound.CommentUnhidden,
        inbound.PostPublished,
        inbound.PostEdited,
        inbound.PostDescribed,
        inbound.PostRemoved,
        inbound.Reacted,
        inbound.LivestreamChanged,
    ),
)
ASSIGNMENTS = Topic(
    name="assignments",
    key="conversation; placed in the customer's partition",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.COMPACT,
    retention=_MONTH,
    public=True,
    carries="who is the assignee of a conversation, and why",
    events=(
        assignments.AssignmentMade,
        assignments.AssignmentChanged,
        assignments.AssignmentRemoved,
        assignments.AssignmentQueued,
    ),
)
ASSIGNMENT_HISTORY = Topic(
    name="assignment-history",
    key="conversation; placed in the customer's partition",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_FOREVER,
    public=False,
    carries="a copy of every record of assignments, also of those that were superseded",
)
POOLS = Topic(
    name="pools",
    key="pool",
    partitions=6,
    cleanup=Cleanup.COMPACT,
    retention=_MONTH,
    public=True,
    carries="whom a rule could choose from, and why not from the others",
    events=(pools.PoolRecorded,),
)
PRESENCE = Topic(
    name="presence",
    key="organization/agent",
    partitions=6,
    cleanup=Cleanup.COMPACT,
    retention=_SOON,
    removals_stay=_A_DAY,
    public=True,
    carries="presence changes",
    events=(presence.PresenceChanged,),
    removals=(presence.REMOVED_TYPE,),
)
DIRECTORY = Topic(
    name="directory",
    key="organization/entity/id",
    partitions=1,
    cleanup=Cleanup.COMPACT,
    retention=_SOON,
    removals_stay=_A_DAY,
    public=True,
    carries="settings, pages, agents, rules and all else that an organization sets up",
    events=directory.EVENT_TYPES,
    removals=tuple(directory.REMOVED_TYPES.values()),
)
CONTACTS = Topic(
    name="contacts",
    key="contact; placed in the customer's partition",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_FOREVER,
    public=True,
    carries="what happened to contacts",
    events=crm.EVENT_TYPES,
)
CRM_COMMANDS = Topic(
    name="crm-commands",
    key="organization",
    partitions=ORGANIZATION_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_MONTH,
    public=False,
    carries="what agents request of the CRM, and the customers of inbound events",
    events=crm.COMMAND_TYPES,
)
CRM_RESULTS = Topic(
    name="crm-results",
    key="contact",
    partitions=6,
    cleanup=Cleanup.DELETE,
    retention=timedelta(days=1),
    public=False,
    carries="the result of each command to the CRM",
    events=(CrmCommandSettled,),
)
CRM_STATE = Topic(
    name="crm-state",
    key="organization/contact; partitioned by organization",
    partitions=ORGANIZATION_PARTITIONS,
    cleanup=Cleanup.COMPACT,
    retention=timedelta(minutes=10),
    public=False,
    carries="the CRM's own state: what its next decision about a contact depends on",
)
COMMANDS = Topic(
    name="commands",
    key="organization/page/customer",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_FOREVER,
    public=False,
    carries="what agents and managers request of the router",
    events=(
        commands.AssignConversation,
        commands.ReturnToRotation,
        commands.MarkConversationDone,
    ),
)
COMMAND_RESULTS = Topic(
    name="command-results",
    key="conversation",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=timedelta(days=1),
    public=False,
    carries="the result of each command",
    events=(commands.CommandSettled,),
)
MARKS = Topic(
    name="marks",
    key="conversation",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_FOREVER,
    public=False,
    carries="what agents read, marked as unread and tagged",
    events=(marks.ConversationRead, marks.ConversationTagged),
)
JOBS = Topic(
    name="jobs",
    key="job, or job/progress in the job's partition",
    partitions=6,
    cleanup=Cleanup.COMPACT,
    retention=_SOON,
    forgotten_after=_MONTH,
    public=False,
    carries="work on many conversations at once, and how far it has come",
    events=jobs.EVENTS,
)
VIEWING = Topic(
    name="viewing",
    key="organization",
    partitions=6,
    cleanup=Cleanup.DELETE,
    retention=_SOON,
    public=False,
    carries="which conversations agents have open, and where they write",
    events=(viewing.ConversationViewed,),
)
PRESENCE_SIGNALS = Topic(
    name="presence-signals",
    key="organization/agent",
    partitions=6,
    cleanup=Cleanup.DELETE,
    retention=timedelta(days=1),
    public=False,
    carries="logins, heartbeats and logouts of agents' sessions",
    broker_time=True,
    events=(presence.SessionSignalled,),
)
CREDENTIALS = Topic(
    name="credentials",
    key="organization/agent",
    partitions=1,
    cleanup=Cleanup.COMPACT,
    retention=_SOON,
    removals_stay=_A_DAY,
    public=False,
    carries="hashed passwords",
)
LOGINS = Topic(
    name="logins",
    key="organization/agent/login",
    partitions=1,
    cleanup=Cleanup.COMPACT,
    retention=_SOON,
    removals_stay=_A_DAY,
    public=False,
    carries="which logins are valid, and how often each was refreshed",
)
DESK = Topic(
    name="desk",
    key="organization/entity/agent/id",
    partitions=1,
    cleanup=Cleanup.COMPACT,
    retention=_SOON,
    removals_stay=_A_DAY,
    public=False,
    carries="what agents work with: templates, saved views, preferences",
    events=(desk.TemplateChanged, desk.ViewChanged, desk.PreferencesChanged),
    removals=desk.REMOVED_TYPES,
)
PAGE_TOKENS = Topic(
    name="page-tokens",
    key="what of an account at its channel",
    partitions=1,
    cleanup=Cleanup.COMPACT,
    retention=_SOON,
    removals_stay=_A_DAY,
    public=False,
    carries="what a page signs its webhooks with, encrypted, and whether it was used",
)
PAGE_CREDENTIALS = Topic(
    name="page-credentials",
    key="what of an organization/channel/account",
    partitions=1,
    cleanup=Cleanup.COMPACT,
    retention=_SOON,
    removals_stay=_A_DAY,
    public=False,
    carries="the tokens that pages send with, encrypted, and what keeps pages from sending",
)
PAGE_CONNECTIONS = Topic(
    name="page-connections",
    key="organization/state of a login at a channel",
    partitions=1,
    cleanup=Cleanup.COMPACT,
    retention=_SOON,
    forgotten_after=_A_DAY,
    public=False,
    carries="logins at channels that were begun to connect pages, encrypted",
)
POSTS = Topic(
    name="posts",
    key="organization/page/post, video or place of a reply",
    partitions=6,
    cleanup=Cleanup.COMPACT,
    retention=_SOON,
    removals_stay=_A_DAY,
    public=False,
    carries="which posts are livestreams or by visitors, and the parents of recent replies",
    events=(posts.PostClassified, posts.ReplyPlaced),
    removals=(posts.FORGOTTEN_TYPE,),
)
REQUESTS = Topic(
    name="router-requests",
    key="organization",
    partitions=ORGANIZATION_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_MONTH,
    public=False,
    carries="requests of stage 1 of routing to stage 2",
    events=(
        routing.ChoiceRequested,
        routing.ChoiceWithdrawn,
        routing.LoadsReported,
        routing.ThreadReported,
    ),
)
CHOICES = Topic(
    name="router-choices",
    key="what of an organization's routing state; placed by organization",
    partitions=ORGANIZATION_PARTITIONS,
    cleanup=Cleanup.COMPACT,
    retention=timedelta(minutes=1),
    public=False,
    carries="stage 2's state: rotations, queues, answers",
)
ANSWERS = Topic(
    name="router-answers",
    key="customer; placed in the customer's partition",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_MONTH,
    public=False,
    carries="answers of stage 2 of routing to stage 1",
    events=(routing.ChoiceMade, routing.ThreadRemoved, routing.ThreadGiven),
)
CUSTOMERS = Topic(
    name="router-customers",
    key="customer; placed in the customer's partition",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.COMPACT,
    retention=timedelta(minutes=1),
    public=False,
    carries="stage 1's own state: recent events, open requests, refusals, what is done",
)
RAW = Topic(
    name="raw",
    key="page",
    partitions=12,
    cleanup=Cleanup.DELETE,
    retention=_MONTH,
    public=False,
    carries="bodies of webhooks, byte for byte",
    large_records=True,
)
DEAD_LETTERS = Topic(
    name="dead-letters",
    key="page",
    partitions=6,
    cleanup=Cleanup.DELETE,
    retention=_QUARTER,
    public=False,
    carries="what could not be read, with the reason",
    large_records=True,
    events=(dead_letters.DeadLettered, dead_letters.DeadLetterSettled),
)
REPLAYS = Topic(
    name="replays",
    key="organization/replay, or organization/replay/progress in the replay's partition",
    partitions=6,
    cleanup=Cleanup.COMPACT,
    retention=_SOON,
    forgotten_after=_MONTH,
    public=False,
    carries="what ingest is to read again, and how far it has come",
    events=(replays.ReplayRequested, replays.ReplayProgressed),
)

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        topic.name: topic
        for module in (globals(), vars(outbound_topics), vars(audit_topics), vars(reminder_topics))
        for topic in module.values()
        if isinstance(topic, Topic)
    }
)
"""All of them by name, those of `outbound_topics`, `audit_topics` and `reminder_topics` last."""
