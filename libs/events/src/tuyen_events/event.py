"""What every event is: an immutable record with a stored type name that never changes."""

from datetime import datetime
from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of one event.

    `type` is the CloudEvents type: a literal with its version, never a class path. A class is never
    edited once its events are stored; a new version is a new class and an upcaster. Decoding
    ignores fields that it does not know, so that a producer may add some.
    """

    type: ClassVar[str]


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudEvents 1.0 event as it stands in Kafka's binary mode.

    `id` comes from the event's source or cause and is the same when the event is made again;
    `source` names the producing service, `subject` what the event is about, and `time` (UTC) when
    it happened.
    """

    id: str
    source: str
    subject: str
    time: datetime
    data: Event
