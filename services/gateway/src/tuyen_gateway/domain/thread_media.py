"""The media of a message that are stored here, and those that never will be."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from tuyen_events.media import MediaKept, MediaMissed, MissedReason
from tuyen_events.outbound import OutboundError
from tuyen_gateway.domain.threads import Message


def note_media(message: Message | None, event: MediaKept | MediaMissed) -> Message:
    """The message after what became of some of its media. Idempotent, in any order: of two reasons
    why a medium is missed, the first by the alphabet counts."""
    if message is None:
        message = Message(
            id=event.message_id, organization=event.organization, page_id=event.page_id
        )
    if isinstance(event, MediaKept):
        kept = tuple(sorted({*message.kept, *(one.id for one in event.media)}))
        return message if kept == message.kept else msgspec.structs.replace(message, kept=kept)
    now = {one: min(event.reason, message.missed.get(one, event.reason)) for one in event.media}
    missed = dict(sorted({**message.missed, **now}.items()))
    return message if missed == message.missed else msgspec.structs.replace(message, missed=missed)


_TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        MissedReason.TOO_MANY: (
            "Tệp này không được lưu vì có quá nhiều tệp đang chờ tải về. Đường dẫn của kênh có thể "
            "hết hạn.",
            "This file is not kept, because too many others were waiting to be fetched. The "
            "channel's link may expire.",
        ),
        MissedReason.UNAVAILABLE: (
            "Tệp này không được lưu vì không tải được từ kênh.",
            "This file is not kept, because the channel could not be reached for it.",
        ),
        MissedReason.REFUSED: (
            "Tệp này không được lưu: tệp quá lớn, hoặc kênh không còn tệp này.",
            "This file is not kept: it is too large, or the channel has it no more.",
        ),
    }
)


def explain_missed(reason: MissedReason) -> OutboundError:
    """The text that agents read in the place of a medium that is missing. A reason that this
    version does not know is not explained."""
    vi, en = _TEXTS.get(reason, ("Tệp này không được lưu.", "This file is not kept."))
    return OutboundError(code=reason, vi=vi, en=en, retry=False)
