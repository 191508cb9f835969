"""One record of the directory's topic as the change that it makes to an organization."""

from typing import NamedTuple

from tuyen_directory.organization import Removed
from tuyen_events.codec import Headers, UnreadableEventError, decode_data
from tuyen_events.directory import DirectoryEvent, split_directory_key
from tuyen_events.ids import OrganizationId


class DirectoryChange(NamedTuple):
    """What a record changes, and of which organization."""

    organization: OrganizationId
    change: DirectoryEvent | Removed


def read_change(key: bytes | None, headers: Headers, value: bytes | None) -> DirectoryChange:
    """The change that a record makes; a record without a value removes what its key names.

    Raises UnreadableEventError for a key or an event that does not belong to the directory.
    """
    parts = split_directory_key(key)
    if parts is None:
        raise UnreadableEventError(f"{key!r} is no key of the directory")
    organization, entity, entity_id = parts
    if value is None:
        return DirectoryChange(organization, Removed(entity, entity_id))
    event = decode_data(headers, value)
    if not isinstance(event, DirectoryEvent):
        raise UnreadableEventError(f"{event.type} is no event of the directory")
    return DirectoryChange(organization, event)
