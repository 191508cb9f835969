"""The documents of sharing rules, and their changes in words."""

from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import list_changes
from tuyen_events.crm.sharing_rules import SharingRuleChanged, SharingRuleRemoved
from tuyen_views.sharing_rules import SharingRuleDocument
from tuyen_views.view import build_entity_fields

SharingRuleEvents = SharingRuleChanged | SharingRuleRemoved

_SHOWN = ("name", "owner", "campaign_id", "agent_ids", "every_minutes")


def fold(
    document: SharingRuleDocument | None, event: SharingRuleEvents
) -> SharingRuleDocument | None:
    match event:
        case SharingRuleChanged():
            return SharingRuleDocument(
                **build_entity_fields(document, event),
                name=event.name,
                owner=event.owner,
                campaign_id=event.campaign_id,
                agent_ids=event.agent_ids,
                every_minutes=event.every_minutes,
                revision=event.revision,
            )
        case SharingRuleRemoved():
            return None
        case _:
            assert_never(event)


def describe(
    event: SharingRuleEvents, before: SharingRuleDocument | None, after: SharingRuleDocument | None
) -> EventDescription:
    match event:
        case SharingRuleChanged() if before is None:
            vi = f"tạo quy tắc chia sẻ “{event.name}”."
            en = f"created the sharing rule “{event.name}”."
        case SharingRuleChanged():
            vi = f"sửa quy tắc chia sẻ “{event.name}”."
            en = f"changed the sharing rule “{event.name}”."
        case SharingRuleRemoved():
            name = before.name if before else event.id
            vi, en = f"xóa quy tắc chia sẻ “{name}”.", f"removed the sharing rule “{name}”."
        case _:
            assert_never(event)
    return EventDescription(by=event.by, vi=vi, en=en, changes=list_changes(before, after, _SHOWN))
