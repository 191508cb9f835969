"""The documents of campaigns, and their changes in words."""

from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import list_changes
from tuyen_events.crm.campaigns import CampaignChanged, CampaignRemoved
from tuyen_views.campaigns import CampaignDocument
from tuyen_views.view import build_entity_fields

CampaignEvents = CampaignChanged | CampaignRemoved

_SHOWN = ("name",)


def fold(document: CampaignDocument | None, event: CampaignEvents) -> CampaignDocument | None:
    match event:
        case CampaignChanged():
            return CampaignDocument(**build_entity_fields(document, event), name=event.name)
        case CampaignRemoved():
            return None
        case _:
            assert_never(event)


def describe(
    event: CampaignEvents, before: CampaignDocument | None, after: CampaignDocument | None
) -> EventDescription:
    match event:
        case CampaignChanged() if before is None:
            vi, en = f"tạo chiến dịch “{event.name}”.", f"created the campaign “{event.name}”."
        case CampaignChanged():
            vi, en = f"sửa chiến dịch “{event.name}”.", f"changed the campaign “{event.name}”."
        case CampaignRemoved():
            name = before.name if before else event.id
            vi, en = f"xóa chiến dịch “{name}”.", f"removed the campaign “{name}”."
        case _:
            assert_never(event)
    return EventDescription(by=event.by, vi=vi, en=en, changes=list_changes(before, after, _SHOWN))
