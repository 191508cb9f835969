"""Phone numbers and emails that many people share: those of a family, or a shop's own."""

from typing import ClassVar

from tuyen_events.crm.records import SetupCommand, SetupEvent


class AddSharedNumber(SetupCommand, frozen=True, kw_only=True):
    """Mark a phone number, in E.164, or an email, in lower case, as shared; it is the `id`. If it
    is marked already, nothing changes."""

    type: ClassVar[str] = "shared_number.add.v1"


class RemoveSharedNumber(SetupCommand, frozen=True, kw_only=True):
    """Take the mark away; if there is none, nothing changes."""

    type: ClassVar[str] = "shared_number.remove.v1"


class SharedNumberAdded(SetupEvent, frozen=True, kw_only=True):
    """From now on nobody is merged because of this phone number or email (C2)."""

    type: ClassVar[str] = "shared_number.added.v1"


class SharedNumberRemoved(SetupEvent, frozen=True, kw_only=True):
    """Contacts that get this phone number or email from now on are merged again."""

    type: ClassVar[str] = "shared_number.removed.v1"
    removes: ClassVar[bool] = True
