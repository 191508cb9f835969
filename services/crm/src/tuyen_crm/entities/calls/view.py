"""The documents of calls, and the calls in a contact's history, in words."""

from tuyen_crm.entities.entity import EventDescription
from tuyen_events.crm.calls import CallDirection, CallRecorded, CallResult
from tuyen_views.calls import CallDocument
from tuyen_views.history import mention_agent
from tuyen_views.view import add_document

_FIELDS = (
    "integration_id",
    "external_id",
    "direction",
    "phone",
    "agent_id",
    "started_at",
    "duration_s",
    "result",
    "recording_url",
)
_DIRECTIONS = {
    CallDirection.IN: ("Cuộc gọi đến từ", "Call from"),
    CallDirection.OUT: ("Cuộc gọi đi đến", "Call to"),
}
_RESULTS = {
    CallResult.ANSWERED: ("đã nghe", "answered"),
    CallResult.MISSED: ("nhỡ", "missed"),
    CallResult.BUSY: ("máy bận", "busy"),
    CallResult.FAILED: ("không thành công", "failed"),
}


def fold(document: CallDocument | None, event: CallRecorded) -> CallDocument:
    return document or add_document(CallDocument, event, _FIELDS)


def describe(
    event: CallRecorded, _before: CallDocument | None, _after: CallDocument | None
) -> EventDescription:
    vi, en = _DIRECTIONS[event.direction]
    result_vi, result_en = _RESULTS[event.result]
    took_vi, took_en = _describe_duration(event.duration_s)
    agent = "" if event.agent_id is None else f" ({mention_agent(event.agent_id)})"
    return EventDescription(
        vi=f"{vi} {event.phone}{agent}: {took_vi}{result_vi}.",
        en=f"{en} {event.phone}{agent}: {took_en}{result_en}.",
    )


def _describe_duration(seconds: int) -> tuple[str, str]:
    """Nothing for a call that took no time."""
    minutes, rest = divmod(seconds, 60)
    vi = [f"{minutes} phút"] * bool(minutes) + [f"{rest} giây"] * bool(rest)
    en = [f"{minutes} min"] * bool(minutes) + [f"{rest} s"] * bool(rest)
    return " ".join(vi) + ", " * bool(vi), " ".join(en) + ", " * bool(en)
