"""The topic of reminders. `topics.TOPICS` contains it."""

from datetime import timedelta

from tuyen_events.crm.reminders import ReminderDue
from tuyen_events.topic import Cleanup, Topic

REMINDERS = Topic(
    name="reminders",
    key="organization",
    partitions=1,
    cleanup=Cleanup.DELETE,
    retention=timedelta(days=1),
    public=False,
    carries="of what which agent is to be reminded now",
    events=(ReminderDue,),
)
