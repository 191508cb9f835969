"""How a contact came in, in words (C8)."""

from tuyen_crm.entities.entity import EventDescription
from tuyen_events.crm.leads import LeadReceived
from tuyen_views.contacts import ContactDocument


def describe(
    event: LeadReceived, _before: ContactDocument | None, _after: ContactDocument | None
) -> EventDescription:
    return EventDescription(
        vi=f"Nguồn “{event.integration_name}” gửi thông tin khách, mã “{event.external_id}”.",
        en=f"“{event.integration_name}” sent the contact, as “{event.external_id}”.",
    )
