"""Makes records of audit entries, which are appended together with the changes that they are
about."""

from uuid import uuid4

from tuyen_events.audit import AuditRecorded
from tuyen_events.audit_topics import AUDIT
from tuyen_events.codec import encode
from tuyen_events.event import Envelope
from tuyen_gateway.identity import SOURCE
from tuyen_platform.kafka.ports import ProducerRecord


def audit_record(audited: AuditRecorded, event_id: str | None = None) -> ProducerRecord:
    """The record of an entry. With the id of an event that was recorded already, it is no second
    one."""
    key = audited.organization
    event_id = event_id or f"evt_{uuid4().hex}"
    envelope = Envelope(id=event_id, source=SOURCE, subject=key, time=audited.at, data=audited)
    value, headers = encode(envelope)
    return ProducerRecord(AUDIT, key, value, headers)
