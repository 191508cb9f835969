"""The topic of the audit. `topics.TOPICS` contains it."""

from tuyen_events import audit
from tuyen_events.topic import Cleanup, Topic

AUDIT = Topic(
    name="audit",
    key="organization",
    partitions=6,
    cleanup=Cleanup.DELETE,
    retention=None,
    public=False,
    carries="who changed what an organization has set up, who logged in, what was refused",
    large_records=True,  # a change contains an entity before and after it
    events=(audit.AuditRecorded,),
)
