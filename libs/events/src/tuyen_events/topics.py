"""The topics: what they carry, how they are keyed, how many partitions, and how long they keep it.

Topics are created from this table and from nothing else. Partition counts never change once there
is data: a customer's order and a rule's rotation both live in one partition.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

CUSTOMER_PARTITIONS = 24
"""Everything that is placed by customer; equal counts let one worker own a customer whole."""

ORGANIZATION_PARTITIONS = 12
"""Stage 2 of routing, placed by organization."""

_FOREVER = None
_MONTH = timedelta(days=30)


class Cleanup(StrEnum):
    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One topic. `name` is without the prefix of the installation.

    `retention` is how long a record stays (None: for ever); of a compacted topic, how long every
    superseded or removed record stays at least. `public` topics are for other services: their
    events only ever gain optional fields.
    """

    name: str
    key: str
    partitions: int
    cleanup: Cleanup
    retention: timedelta | None
    public: bool
    carries: str

    def config(self) -> dict[str, str]:
        """The topic's settings in Kafka's own words."""
        settings = {"cleanup.policy": self.cleanup.value, "compression.type": "producer"}
        milliseconds = (
            -1 if self.retention is None else int(self.retention / timedelta(milliseconds=1))
        )
        if self.cleanup is Cleanup.DELETE:
            settings["retention.ms"] = str(milliseconds)
        elif self.retention is not None:
            settings["min.compaction.lag.ms"] = str(milliseconds)
            settings["delete.retention.ms"] = str(milliseconds)
        return settings


INBOUND = Topic(
    name="inbound",
    key="organization/page/customer",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_FOREVER,
    public=True,
    carries="normalized inbound events of all channels",
)
ASSIGNMENTS = Topic(
    name="assignments",
    key="conversation; placed in the customer's partition",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.COMPACT,
    retention=_MONTH,
    public=True,
    carries="who answers a conversation, and why",
)
PRESENCE = Topic(
    name="presence",
    key="organization/agent",
    partitions=6,
    cleanup=Cleanup.COMPACT,
    retention=timedelta(days=1),
    public=True,
    carries="presence changes",
)
DIRECTORY = Topic(
    name="directory",
    key="organization/entity/id",
    partitions=1,
    cleanup=Cleanup.COMPACT,
    retention=timedelta(days=1),
    public=True,
    carries="settings, pages, agents, rules and all else that an organization sets up",
)
CONTACTS = Topic(
    name="contacts",
    key="contact",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_FOREVER,
    public=True,
    carries="what happened to contacts",
)
COMMANDS = Topic(
    name="commands",
    key="organization/page/customer",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_FOREVER,
    public=False,
    carries="what agents and managers ask of the router",
)
COMMAND_RESULTS = Topic(
    name="command-results",
    key="conversation",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=timedelta(days=1),
    public=False,
    carries="what became of each command",
)
MARKS = Topic(
    name="marks",
    key="conversation",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_FOREVER,
    public=False,
    carries="what agents read and marked as unread",
)
PRESENCE_SIGNALS = Topic(
    name="presence-signals",
    key="organization/agent",
    partitions=6,
    cleanup=Cleanup.DELETE,
    retention=timedelta(days=1),
    public=False,
    carries="logins, heartbeats and logouts of agents' sessions",
)
CREDENTIALS = Topic(
    name="credentials",
    key="organization/username",
    partitions=1,
    cleanup=Cleanup.COMPACT,
    retention=timedelta(days=1),
    public=False,
    carries="hashed passwords",
)
POSTS = Topic(
    name="posts",
    key="organization/page/post or video",
    partitions=6,
    cleanup=Cleanup.COMPACT,
    retention=timedelta(days=1),
    public=False,
    carries="which posts are livestreams",
)
REQUESTS = Topic(
    name="router-requests",
    key="organization",
    partitions=ORGANIZATION_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=_MONTH,
    public=False,
    carries="stage 1 of routing asks stage 2",
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
    carries="stage 2 of routing answers stage 1",
)
CUSTOMERS = Topic(
    name="router-customers",
    key="customer; placed in the customer's partition",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.COMPACT,
    retention=timedelta(minutes=1),
    public=False,
    carries="stage 1's state of customers: recent event ids, the open request",
)
RAW = Topic(
    name="raw",
    key="page",
    partitions=12,
    cleanup=Cleanup.DELETE,
    retention=_MONTH,
    public=False,
    carries="bodies of webhooks, byte for byte",
)
DEAD_LETTERS = Topic(
    name="dead-letters",
    key="page",
    partitions=6,
    cleanup=Cleanup.DELETE,
    retention=_FOREVER,
    public=False,
    carries="what could not be read, with the reason",
)

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        topic.name: topic
        for topic in (
            INBOUND,
            ASSIGNMENTS,
            PRESENCE,
            DIRECTORY,
            CONTACTS,
            COMMANDS,
            COMMAND_RESULTS,
            MARKS,
            PRESENCE_SIGNALS,
            CREDENTIALS,
            POSTS,
            REQUESTS,
            CHOICES,
            ANSWERS,
            CUSTOMERS,
            RAW,
            DEAD_LETTERS,
        )
    }
)
