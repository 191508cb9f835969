"""The customers of Zalo's official accounts: they write, and read what is sent."""

from collections.abc import Sequence
from datetime import datetime

from tuyen_doubles.saying import SaidAtChannel, Saying
from tuyen_doubles.webhooks import DoubleWebhook
from tuyen_doubles.zalo.messages import ZaloDouble


class ZaloCustomers:
    """ChannelCustomers."""

    def __init__(self, double: ZaloDouble) -> None:
        self._accounts = double.accounts
        self._events = double.events

    def say(self, saying: Saying) -> SaidAtChannel:
        if saying.is_comment:
            raise ValueError("Zalo has no comments")
        message = self._events.new_message_id()
        self._accounts.meet(saying.account, saying.customer, saying.name, saying.at, message)
        webhook = self._events.build_message(
            account=saying.account,
            customer=saying.customer,
            message=message,
            text=saying.text,
            attachments=[
                {"type": each["type"], "payload": {"thumbnail": each["url"], "url": each["url"]}}
                for each in saying.attachments
            ],
            at=saying.at,
        )
        return SaidAtChannel(message, None, [webhook])

    def receive(
        self, account: str, customer: str, *, seen: bool, at: datetime
    ) -> Sequence[DoubleWebhook]:
        known = self._accounts.follower(account, customer)
        if known is None or not known.sent:
            return []
        event = self._events.build_receipt(
            account=account, customer=customer, messages=known.sent, seen=seen, at=at
        )
        return [event]
