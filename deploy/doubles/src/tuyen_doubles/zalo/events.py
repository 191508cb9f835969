"""The webhooks of the Zalo double, in Zalo's own form and with its signature: a plain SHA-256."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tuyen_doubles.webhooks import DoubleWebhook

ZALO = "zalo"


class ZaloEvents:
    """Builds webhooks of one app."""

    def __init__(self, *, app_id: str, oa_secret: str) -> None:
        self._app_id = app_id
        self._secret = oa_secret

    def new_message_id(self) -> str:
        return secrets.token_hex(10)

    def build_message(
        self,
        *,
        account: str,
        customer: str,
        message: str,
        text: str | None,
        attachments: Sequence[Mapping[str, Any]],
        at: datetime,
    ) -> DoubleWebhook:
        """A customer's message."""
        content = _build_content(message, text, attachments, None)
        name = f"user_send_{_choose_kind(attachments)}"
        return self._sign(name, customer, (customer, account), at, message=content)

    def build_echo(
        self,
        *,
        account: str,
        customer: str,
        message: str,
        text: str | None,
        attachments: Sequence[Mapping[str, Any]],
        quoted: str | None,
        at: datetime,
        chat: str | None = None,
    ) -> DoubleWebhook:
        """The account's own message, sent by the app: no `admin_id` of a person. `chat` is that of
        a visitor without an account."""
        content = _build_content(message, text, attachments, quoted)
        name = f"oa_send_{_choose_kind(attachments)}"
        if chat is not None:
            name = f"oa_send_anonymous_{_choose_kind(attachments)}"
            content["conversation_id"] = chat
        return self._sign(name, customer, (account, customer), at, message=content)

    def build_receipt(
        self, *, account: str, customer: str, messages: Sequence[str], seen: bool, at: datetime
    ) -> DoubleWebhook:
        """Messages were delivered to a customer, or seen. The account is the sender of both."""
        way = (account, customer)
        if seen:
            content: dict[str, Any] = {"msg_ids": list(messages)}
            return self._sign("user_seen_message", customer, way, at, message=content)
        content = {"msg_id": messages[-1]}
        return self._sign("user_received_message", customer, way, at, message=content)

    def _sign(
        self, name: str, customer: str, way: tuple[str, str], at: datetime, **what: Any
    ) -> DoubleWebhook:
        """The signature is over app id, body, timestamp and secret, one after the other."""
        sender, recipient = way
        timestamp = str(int(at.timestamp() * 1000))
        event = {
            "app_id": self._app_id,
            "sender": {"id": sender},
            "user_id_by_app": user_id_by_app(customer),
            "recipient": {"id": recipient},
            "event_name": name,
            **what,
            "timestamp": timestamp,
        }
        text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        body = text.encode("utf-8", "replace")
        signed = self._app_id.encode() + body + timestamp.encode() + self._secret.encode()
        headers = {"X-ZEvent-Signature": f"mac={hashlib.sha256(signed).hexdigest()}"}
        return DoubleWebhook(ZALO, customer, body, headers, retry_header="num_retry")


def user_id_by_app(customer: str) -> str:
    """A customer's id for the app, which is another one than that for the account."""
    digest = hashlib.sha256(customer.encode("utf-8", "replace")).hexdigest()
    return str(int(digest[:14], 16) % 10**17 + 5 * 10**17)


def _build_content(
    message: str,
    text: str | None,
    attachments: Sequence[Mapping[str, Any]],
    quoted: str | None,
) -> dict[str, Any]:
    content: dict[str, Any] = {"msg_id": message}
    if text is not None:
        content["text"] = text
    if quoted is not None:
        content["quote_msg_id"] = quoted
    if attachments:
        content["attachments"] = list(attachments)
    return content


def _choose_kind(attachments: Sequence[Mapping[str, Any]]) -> str:
    return str(attachments[0]["type"]) if attachments else "text"
