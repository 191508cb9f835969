"""One record of the directory's topic as the change that it makes to an organization."""

from tuyen_directory.organization import Removed
from tuyen_events.codec import Headers, UnreadableEventError, decode_data
from tuyen_events.directory import DirectoryEvent
from tuyen_events.ids import OrganizationId


def read_change(
    key: bytes | None, headers: Headers, value: bytes | None
) -> tuple[OrganizationId, DirectoryEvent | Removed]:
    """Whose record it is, and what it changes; a record without a value removes what its key names.

    Raises UnreadableEventError for a key or an event that is none of the directory's.
    """
    match (key or b"").decode("utf-8", "replace").split("/", 2):
        case [organization, entity, entity_id] if organization:
            pass
        case _:
            raise UnreadableEventError(f"{key!r} is no key of the directory")
    if value is None:
        return OrganizationId(organization), Removed(entity, entity_id)
    event = decode_data(headers, value)
    if not isinstance(event, DirectoryEvent):
        raise UnreadableEventError(f"{event.type} is no event of the directory")
    return OrganizationId(organization), event
