"""The topics of what goes to the channels, and of files. `topics.TOPICS` contains them."""

from datetime import timedelta

from tuyen_events import media, outbound
from tuyen_events.topic import CUSTOMER_PARTITIONS, Cleanup, Topic

OUTBOUND = Topic(
    name="outbound",
    key="conversation; placed in the customer's partition",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=None,
    public=True,
    carries="replies, and what else agents request at the channels",
    events=(outbound.OutboundRequested, outbound.OutboundCancelled),
)
OUTBOUND_RESULTS = Topic(
    name="outbound-results",
    key="conversation; placed in the customer's partition",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=None,
    public=True,
    carries="what became of each request at a channel",
    events=(outbound.OutboundSettled,),
    broker_time=True,
)
OUTBOUND_STATE = Topic(
    name="outbound-state",
    key="request; placed in the customer's partition",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.COMPACT,
    retention=timedelta(minutes=10),
    public=False,
    carries="which requests to channels are not settled, and whether their calls were begun",
)
MEDIA = Topic(
    name="media",
    key="message; placed in the customer's partition",
    partitions=CUSTOMER_PARTITIONS,
    cleanup=Cleanup.DELETE,
    retention=None,
    public=False,
    carries="which media of messages are kept here, and which could not be",
    events=(media.MediaKept, media.MediaMissed),
)
