"""Random histories of what agents request at a channel, and what becomes of it."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from support.inbox_inbound import LIVE_POST, PAGE, InboundHistory
from support.outbound import REFUSED
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    MessageId,
    customer_key,
    message_id,
    message_thread_id,
    outbound_request_id,
    reply_id,
)
from tuyen_events.inbound import CommentAdded, Customer, CustomerDescribed, MessageEchoed
from tuyen_events.outbound import (
    AttachmentId,
    OutboundAction,
    OutboundAttachment,
    OutboundCancelled,
    OutboundEvent,
    OutboundOutcome,
    OutboundRequested,
    OutboundSettled,
)
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_platform.kafka.ports import Record

_PICTURE = OutboundAttachment(
    id=AttachmentId("att_1"), kind="image", content_type="image/png", size=9
)


@dataclass
class OutboundHistory(InboundHistory):
    """Writes records as the gateway and whoever calls the channels do."""

    sent: list[OutboundRequested] = field(default_factory=list)
    """Replies that were requested, retries among them."""

    def reply(self) -> None:
        """An agent answers a customer, or writes below a comment, or privately to its author."""
        roots = [
            (external, who, live)
            for external, parent, who, live in self._comments
            if parent is None and who is not None
        ]
        if not roots or self.random.random() < 0.6:
            who = self._customer()
            self._request(OutboundAction.SEND, message_thread_id(who.id), who)
            return
        external, author, live = self.random.choice(roots)
        thread = self._thread(external, None, author, live)
        if author is None or thread is None:
            return
        target: dict[str, Any] = {
            "target_external_id": external,
            "target_message_id": message_id(self.organization, PAGE, external),
        }
        if self.random.random() < 0.3:
            privately = message_thread_id(author.id)
            target["target_conversation_id"] = thread
            self._request(
                OutboundAction.PRIVATE_REPLY, privately, author, ConversationKind.MESSAGE, **target
            )
            return
        kind = ConversationKind.LIVESTREAM if live else ConversationKind.COMMENT
        self._request(OutboundAction.COMMENT, thread, author, kind, **target)

    def _request(
        self,
        action: OutboundAction,
        thread: ConversationId,
        who: Customer,
        kind: ConversationKind = ConversationKind.MESSAGE,
        **said: Any,
    ) -> None:
        key = f"key-{next(self.numbers)}"
        reply = reply_id(thread, key)
        request = OutboundRequested(
            **self._about(outbound_request_id(reply), thread, reply),
            action=action,
            customer_id=who.id,
            customer_external_id=who.external_id,
            customer_name=who.name,
            kind=kind,
            by=AgentId("an"),
            by_name="An",
            client_id=key,
            text=f"dạ {key}",
            attachments=self.random.choice([(), (_PICTURE,)]),
            body_digest=key,
            **said,
        )
        self._write(request, request)
        self.sent.append(request)
        if self.random.random() < 0.2:  # the same key at another gateway
            self._write(request, request)

    def _about(self, request: str, thread: ConversationId, message: MessageId) -> dict[str, Any]:
        return {
            "request_id": request,
            "organization": self.organization,
            "page_id": PAGE,
            "channel": Channel.FACEBOOK,
            "conversation_id": thread,
            "message_id": message,
            "at": self.clock,
        }

    def _write(self, event: OutboundEvent, about: OutboundRequested) -> None:
        place = about.customer_external_id
        if about.kind is ConversationKind.COMMENT:
            place = f"comment:{about.target_external_id}"
        topic = OUTBOUND_RESULTS if isinstance(event, OutboundSettled) else OUTBOUND
        key = customer_key(self.organization, PAGE, place)
        number = str(next(self.numbers))
        self.append(topic, event.conversation_id, event, id_=number, at=key)

    def settle(self) -> None:
        """The channel answers a request, or its echo is all that comes."""
        if not self.sent:
            return
        request = self.random.choice(self.sent)
        outcome = self.random.choice([*OutboundOutcome, OutboundOutcome.DONE])
        done = outcome is OutboundOutcome.DONE
        ids = tuple(f"{request.client_id}/{n}" for n in range(self.random.choice([1, 1, 2])))
        event = OutboundSettled(
            **self._about(request.request_id, request.conversation_id, request.message_id),
            action=request.action,
            outcome=outcome,
            external_ids=ids if done or self.random.random() < 0.3 else (),
            error=REFUSED if outcome is OutboundOutcome.FAILED else None,
        )
        self._write(event, request)
        if done and self.random.random() < 0.8:
            for external_id in ids:
                self._echo_reply(request, external_id)

    def echo_reply(self) -> None:
        """The channel echoes a reply before its answer is known."""
        if self.sent:
            request = self.random.choice(self.sent)
            self._echo_reply(request, f"{request.client_id}/0")

    def _echo_reply(self, request: OutboundRequested, external_id: str) -> None:
        said: dict[str, Any] = {
            **self._common(),
            "message_id": self._message_id(external_id),
            "external_id": external_id,
            "text": request.text,
        }
        who = Customer(
            id=request.customer_id,
            external_id=request.customer_external_id,
            name=request.customer_name,
        )
        if request.action is OutboundAction.COMMENT:
            live = request.kind is ConversationKind.LIVESTREAM
            added = CommentAdded(
                **said,
                post_external_id=LIVE_POST if live else "1_100",
                parent_external_id=request.target_external_id,
                conversation_id=None if live else request.conversation_id,
                livestream=live,
            )
            self.inbound(added, f"comment:{request.target_external_id}", external_id, "add")
            self._comments.append((external_id, request.target_external_id, None, live))
            return
        known = self.random.random() < 0.5
        echoed = MessageEchoed(
            **said,
            customer=who,
            conversation_id=request.conversation_id,
            client_id=request.client_id if known else None,
            automatic=self.random.random() < 0.1,
        )
        self._mids.append((who, external_id))
        self.inbound(echoed, who.external_id, PAGE, external_id)

    def describe(self, who: Customer | None = None, name: str | None = None) -> Record:
        """The channel says who a customer is: perhaps again, perhaps without a name."""
        who, number = who or self._customer(), next(self.numbers)
        described = msgspec.structs.replace(
            who,
            name=name or self.random.choice([None, f"Trần Lĩnh {number}"]),
            picture=self.random.choice([None, f"https://cdn.example/{number}"]),
        )
        event = CustomerDescribed(
            **self._common(), customer=described, conversation_id=message_thread_id(who.id)
        )
        return self.inbound(event, who.external_id, PAGE, event.type, str(number))

    def cancel(self) -> None:
        if self.sent:
            request = self.random.choice(self.sent)
            about = self._about(request.request_id, request.conversation_id, request.message_id)
            self._write(OutboundCancelled(**about, by=AgentId("an")), request)

    def retry(self) -> None:
        if self.sent:
            request = self.random.choice(self.sent)
            again = OutboundRequested(
                **{
                    **{name: getattr(request, name) for name in request.__struct_fields__},
                    "request_id": outbound_request_id(request.request_id),
                    "retries": request.request_id,
                    "at": self.clock,
                }
            )
            self._write(again, request)
            self.sent.append(again)

    def act(self) -> None:
        """An agent hides, likes, edits or deletes a comment, and the channel does it or not."""
        if not self._comments:
            return
        external, parent, who, live = self.random.choice(self._comments)
        thread = self._thread(external, parent, who, live)
        if thread is None:
            return
        action = self.random.choice(
            [
                OutboundAction.HIDE,
                OutboundAction.UNHIDE,
                OutboundAction.LIKE,
                OutboundAction.UNLIKE,
                OutboundAction.EDIT,
                OutboundAction.DELETE,
            ]
        )
        done = self.random.random() < 0.7
        number = next(self.numbers)
        event = OutboundSettled(
            **self._about(f"req_{number}", thread, self._message_id(external)),
            action=action,
            outcome=OutboundOutcome.DONE if done else OutboundOutcome.FAILED,
            error=None if done else REFUSED,
            text=f"sửa {number}" if done and action is OutboundAction.EDIT else None,
        )
        key = customer_key(self.organization, PAGE, f"comment:{parent or external}")
        self.append(OUTBOUND_RESULTS, thread, event, id_=str(number), at=key)
