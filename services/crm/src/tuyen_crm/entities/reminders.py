"""When the documents of tasks and appointments remind their assignees."""

from datetime import datetime

import msgspec

from tuyen_events.crm.reminders import Reminded
from tuyen_views.reminders import RemindingT


def plan_reminder(document: RemindingT | None, remind_at: datetime | None) -> RemindingT | None:
    """The document with a reminder at this time, unless there was one for the same time. With
    nobody to remind, it waits until somebody is assigned."""
    if document is None:
        return None
    waits = document.assignee is not None and remind_at != document.reminded_at
    return msgspec.structs.replace(document, reminds_at=remind_at if waits else None)


def note_reminded(document: RemindingT | None, event: Reminded) -> RemindingT | None:
    """The document once its assignee is reminded. Its version stays."""
    return document and msgspec.structs.replace(
        document, reminds_at=None, reminded_at=event.remind_at
    )
