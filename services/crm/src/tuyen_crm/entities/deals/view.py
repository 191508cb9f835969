"""The documents of deals, and the history of deals in words."""

from typing import assert_never

from tuyen_crm.entities.entity import EventDescription
from tuyen_crm.entities.wording import describe_child
from tuyen_events.crm.deals import DealAdded, DealChanged, DealRemoved, DealStage
from tuyen_views.deals import DealDocument
from tuyen_views.view import add_document, change_document

DealEvents = DealAdded | DealChanged | DealRemoved

_FIELDS = {name: name for name in ("name", "value", "stage", "expected_close", "assignee")}

_MOVED = {
    DealStage.WON: ("chốt thành công giao dịch", "won the deal"),
    DealStage.LOST: ("đánh dấu thất bại giao dịch", "lost the deal"),
    DealStage.OPEN: ("mở lại giao dịch", "reopened the deal"),
}
"""The words for changes of the stage."""


def fold(document: DealDocument | None, event: DealEvents) -> DealDocument | None:
    match event:
        case DealAdded():
            return add_document(DealDocument, event, _FIELDS)
        case DealChanged():
            return change_document(document, event, _FIELDS)
        case DealRemoved():
            return None
        case _:
            assert_never(event)


def describe(
    event: DealEvents, before: DealDocument | None, after: DealDocument | None
) -> EventDescription:
    shown = after or before
    match event:
        case DealAdded():
            vi, en = "thêm giao dịch", "added the deal"
        case DealChanged() if before and after and before.stage is not after.stage:
            vi, en = _MOVED[after.stage]
        case DealChanged():
            vi, en = "sửa giao dịch", "changed the deal"
        case DealRemoved():
            vi, en = "xóa giao dịch", "removed the deal"
        case _:
            assert_never(event)
    return describe_child(event, before, after, (vi, en, shown.name if shown else None), _FIELDS)
