"""The base of all events: an immutable record with a stored type name that never changes."""

from datetime import datetime
from typing import ClassVar

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of one event.

    `type` is the CloudEvents type: a literal with its version, never a class path. A class is never
    changed once its events are stored; a new version is a new class and an upcaster. Decoding
    ignores unknown fields, so that a producer may add fields.
    """

    type: ClassVar[str]


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudEvents 1.0 event in Kafka's binary mode.

    `id` is derived from the event's source or cause, and is the same when the event is made again;
    `source` is the producing service, `subject` what the event is about, and `time` (UTC) when it
    happened.
    """

    id: str
    source: str
    subject: str
    time: datetime
    data: Event
