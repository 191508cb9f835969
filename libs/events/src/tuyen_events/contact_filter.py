"""Which contacts: what the list shows, and what a job changes or exports (S3, C9)."""

import msgspec

from tuyen_events.conversation_filter import Holder
from tuyen_events.crm.shares import CareStatus


class ContactSelection(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Matches contacts that match all fields that are set; the default of each field matches
    everything."""

    words: str = ""
    """A part of the name, without regard to accents and case, of an email, or of a phone number."""
    phone: str = ""
    """The digits of a phone number, or its last ones."""
    email: str = ""
    """A whole email, in lower case."""
    tag: str = ""
    """A tag, as tags are compared."""
    step: str = ""
    """A pipeline and a step of it, `retail:quoted`."""
    campaign_id: str | None = None
    care_status: CareStatus | None = None
    warehouse_id: str | None = None
    held_by: Holder | None = None
