"""The documents of teams, and their changes in words."""

from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import list_changes
from tuyen_events.crm.teams import TeamChanged, TeamRemoved
from tuyen_views.teams import TeamDocument
from tuyen_views.view import build_entity_fields

TeamEvents = TeamChanged | TeamRemoved

_SHOWN = ("name", "leaders", "members")


def fold(document: TeamDocument | None, event: TeamEvents) -> TeamDocument | None:
    match event:
        case TeamChanged():
            shown = {name: getattr(event, name) for name in _SHOWN}
            return TeamDocument(**build_entity_fields(document, event), **shown)
        case TeamRemoved():
            return None
        case _:
            assert_never(event)


def describe(
    event: TeamEvents, before: TeamDocument | None, after: TeamDocument | None
) -> EventDescription:
    match event:
        case TeamChanged() if before is None:
            vi, en = f"tạo nhóm “{event.name}”.", f"created the team “{event.name}”."
        case TeamChanged():
            vi, en = f"sửa nhóm “{event.name}”.", f"changed the team “{event.name}”."
        case TeamRemoved():
            name = before.name if before else event.id
            vi, en = f"xóa nhóm “{name}”.", f"removed the team “{name}”."
        case _:
            assert_never(event)
    return EventDescription(by=event.by, vi=vi, en=en, changes=list_changes(before, after, _SHOWN))
