"""Zalo's webhooks for tests: the sample bodies, bodies made to measure, and their signature."""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from support.channel_samples import CREDENTIALS, ChannelSample
from support.facebook import PAYLOADS

OA = "388000000000000001"
"""The Official Account of all sample bodies, and their user."""
USER = "246000000000000001"
APP_ID, OA_SECRET = CREDENTIALS["zalo_app_id"], CREDENTIALS["zalo_oa_secret"]
TIME = "1790000000000"

Update = dict[str, Any]


def payload(name: str) -> bytes:
    """A sample body as it comes over the wire."""
    return (PAYLOADS / f"{name}.json").read_bytes()


def payload_names() -> list[str]:
    """The names of all sample bodies, apart from the probe."""
    found = sorted(file.stem for file in PAYLOADS.glob("zalo__*.json"))
    return [name for name in found if name != "zalo__verify_probe"]


def event(name: str = "user_send_text", **changed: Any) -> Update:
    """What a user does; a field that is changed to None is left out."""
    whole = {
        "app_id": APP_ID,
        "sender": {"id": USER},
        "user_id_by_app": "552000000000000001",
        "recipient": {"id": OA},
        "event_name": name,
        "message": {"text": "Xin chào OA", "msg_id": "96d3cdf3af150460001"},
        "timestamp": TIME,
        **changed,
    }
    return {field: value for field, value in whole.items() if value is not None}


def echo(name: str = "oa_send_text", **changed: Any) -> Update:
    """What the account does."""
    return event(name, **{"sender": {"id": OA}, "recipient": {"id": USER}, **changed})


def encode(update: Update) -> bytes:
    """The body in the form in which Zalo sends it: without spaces, and nothing is escaped."""
    return json.dumps(update, ensure_ascii=False, separators=(",", ":")).encode()


def sign(raw: bytes, secret: str = OA_SECRET, app_id: str = APP_ID) -> Mapping[str, str]:
    """The headers with which Zalo sends `raw`."""
    found = re.search(rb'"timestamp":\s*"?(\d+)', raw)
    time = TIME.encode() if found is None else found[1]
    digest = hashlib.sha256(app_id.encode() + raw + time + secret.encode()).hexdigest()
    return {
        "X-ZEvent-Signature": f"mac={digest}",
        "X-ZEvent-Timestamp": time.decode(),
        "Content-Type": "application/json",
    }


SAMPLE = ChannelSample(OA, lambda page: encode(event(recipient={"id": page})), sign)
