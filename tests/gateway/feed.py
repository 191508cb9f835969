"""What customers, the page and the router do, written to the log as ingest and the router do."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec

from tuyen_events.assignments import AssignmentEvent, AssignmentMade, AssignmentQueued
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import (
    AgentId,
    ConversationId,
    CustomerId,
    OrganizationId,
    PageId,
    comment_thread_id,
    customer_id,
    customer_key,
    event_id,
    livestream_thread_id,
    message_id,
    message_thread_id,
)
from tuyen_events.inbound import (
    Attachment,
    CommentAdded,
    CommentEvent,
    Customer,
    CustomerDescribed,
    CustomerFollowed,
    CustomerUnfollowed,
    MessageDeleted,
    MessageEchoed,
    MessageReacted,
    MessageReceived,
    MessagesDelivered,
    MessagesSeen,
    PostEvent,
    PostPublished,
    Visit,
)
from tuyen_events.media import (
    KeptMedium,
    MediaKept,
    MediaMissed,
    MissedReason,
    media_id,
    picture_id,
    post_media_owner,
)
from tuyen_events.outbound import AttachmentId
from tuyen_events.outbound_topics import MEDIA
from tuyen_events.pools import PoolRecorded
from tuyen_events.topic import Topic
from tuyen_events.topics import ASSIGNMENTS, INBOUND, POOLS
from tuyen_events.vocabulary import Channel, ConversationKind, Reason, Strategy
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import Log

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@dataclass
class Feed:
    """One page. Times are in seconds after `START`; left out, each event is a second later."""

    log: Log
    organization: str = "shop"
    page: str = "page"
    channel: Channel = Channel.FACEBOOK
    _seconds: count = field(default_factory=lambda: count(1))  # type: ignore[type-arg]  # of ints
    _numbers: count = field(default_factory=lambda: count(1))  # type: ignore[type-arg]  # of ints
    _versions: dict[str, int] = field(default_factory=dict)

    def customer(self, who: str, name: str | None = None) -> Customer:
        return Customer(
            id=customer_id(OrganizationId(self.organization), PageId(self.page), who),
            external_id=who,
            name=name,
        )

    def thread(self, who: str) -> ConversationId:
        """The message conversation of a customer."""
        return message_thread_id(self.customer(who).id)

    def _common(self, at: float | None) -> dict[str, Any]:
        now = START + timedelta(seconds=next(self._seconds) if at is None else at)
        return {
            "organization": OrganizationId(self.organization),
            "page_id": PageId(self.page),
            "channel": self.channel,
            "occurred_at": now,
            "accepted_at": now,
        }

    async def message(
        self,
        who: str,
        text: str | None = "xin chào",
        *,
        name: str | None = None,
        mid: str | None = None,
        at: float | None = None,
        attachments: tuple[Attachment, ...] = (),
        visit: Visit | None = None,
        accepted: float | None = None,
        reply_to: str | None = None,
        chat: str | None = None,
    ) -> ConversationId:
        mid = mid or f"mid-{next(self._numbers)}"
        common = self._common(at)
        if accepted is not None:
            common["accepted_at"] = START + timedelta(seconds=accepted)
        event = MessageReceived(
            **common,
            customer=self.customer(who, name),
            conversation_id=self.thread(who),
            message_id=message_id(OrganizationId(self.organization), PageId(self.page), mid),
            external_id=mid,
            text=text,
            attachments=attachments,
            visit=visit,
            chat_external_id=chat,
            reply_to=None
            if reply_to is None
            else message_id(OrganizationId(self.organization), PageId(self.page), reply_to),
        )
        await self._append(INBOUND, who, event, mid)
        return event.conversation_id

    async def unsend(self, who: str, mid: str) -> None:
        """The customer takes a message back."""
        event = MessageDeleted(
            **self._common(None),
            customer=self.customer(who),
            conversation_id=self.thread(who),
            message_id=message_id(OrganizationId(self.organization), PageId(self.page), mid),
        )
        await self._append(INBOUND, who, event, mid, "unsent")

    async def echo(
        self,
        who: str,
        text: str,
        *,
        at: float | None = None,
        mid: str | None = None,
        client_id: str | None = "client-1",
        automatic: bool = False,
        admin_id: str | None = None,
    ) -> None:
        mid = mid or f"mid-{next(self._numbers)}"
        event = MessageEchoed(
            **self._common(at),
            customer=self.customer(who),
            conversation_id=self.thread(who),
            message_id=message_id(OrganizationId(self.organization), PageId(self.page), mid),
            external_id=mid,
            text=text,
            client_id=client_id,
            automatic=automatic,
            admin_id=admin_id,
        )
        await self._append(INBOUND, who, event, mid)

    async def describe(
        self, who: str, name: str | None, picture: str | None = None, *, at: float | None = None
    ) -> None:
        """The channel says who a customer is."""
        customer = msgspec.structs.replace(self.customer(who, name), picture=picture)
        event = CustomerDescribed(
            **self._common(at), customer=customer, conversation_id=self.thread(who)
        )
        await self._append(INBOUND, who, event, str(next(self._numbers)))

    async def react(self, who: str, mid: str, emoji: str | None, *, at: float) -> None:
        """The customer reacts to a message, or takes that back (`emoji` null)."""
        event = MessageReacted(
            **self._common(at),
            customer=self.customer(who),
            conversation_id=self.thread(who),
            message_id=message_id(OrganizationId(self.organization), PageId(self.page), mid),
            emoji=emoji,
        )
        await self._append(INBOUND, who, event, mid, str(next(self._numbers)))

    async def follow(
        self,
        who: str,
        kind: type[CustomerFollowed | CustomerUnfollowed] = CustomerFollowed,
        *,
        at: float | None = None,
    ) -> ConversationId:
        event = kind(
            **self._common(at), customer=self.customer(who), conversation_id=self.thread(who)
        )
        await self._append(INBOUND, who, event, str(next(self._numbers)))
        return event.conversation_id

    async def progress(
        self, who: str, kind: type[MessagesDelivered | MessagesSeen], until: float
    ) -> None:
        event = kind(
            **self._common(None),
            customer=self.customer(who),
            conversation_id=self.thread(who),
            watermark=START + timedelta(seconds=until),
        )
        await self._append(INBOUND, who, event, str(next(self._numbers)))

    async def comment(
        self,
        external_id: str,
        who: str | None,
        *,
        parent: str | None = None,
        live: bool = False,
        name: str | None = None,
        at: float | None = None,
        post: str = "post",
        **said: Any,
    ) -> ConversationId | None:
        about = self._about(external_id, who, parent, live=live, at=at, name=name, post=post)
        event = CommentAdded(**about, text=f"comment {external_id}", **said)
        await self._append(INBOUND, self._actor(who, parent or external_id), event, external_id)
        return event.conversation_id

    async def post(
        self,
        post: str = "post",
        kind: type[PostEvent] = PostPublished,
        *,
        at: float | None = None,
        **said: Any,
    ) -> None:
        """The page publishes a post, or changes one."""
        event = kind(**self._common(at), post_external_id=post, **said)
        number = str(next(self._numbers))
        await self._append(INBOUND, f"post:{post}", event, post, number)

    async def keep_picture(self, url: str, *, at: float, post: str = "post") -> AttachmentId:
        """The picture of a post is stored."""
        organization, page = OrganizationId(self.organization), PageId(self.page)
        owner = post_media_owner(organization, page, post)
        kept = picture_id(owner, url)
        event = MediaKept(
            organization=organization,
            page_id=page,
            message_id=owner,
            media=(KeptMedium(id=kept, kind="image", content_type="image/png", size=1),),
            at=START + timedelta(seconds=at),
            post_external_id=post,
        )
        await self._append(MEDIA, f"post:{post}", event, post, url, key=owner)
        return kept

    async def keep(self, external_id: str, who: str, *urls: str) -> None:
        """The media of a message with these addresses are stored."""
        organization, page = OrganizationId(self.organization), PageId(self.page)
        message = message_id(organization, page, external_id)
        event = MediaKept(
            organization=organization,
            page_id=page,
            message_id=message,
            media=tuple(
                KeptMedium(
                    id=media_id(message, url), kind="image", content_type="image/png", size=1
                )
                for url in urls
            ),
            at=START,
        )
        await self._append(MEDIA, who, event, external_id, *urls, key=message)

    async def miss(self, external_id: str, who: str, url: str, reason: MissedReason) -> None:
        """A medium of a message with this address will not be stored."""
        organization, page = OrganizationId(self.organization), PageId(self.page)
        message = message_id(organization, page, external_id)
        event = MediaMissed(
            organization=organization,
            page_id=page,
            message_id=message,
            media=(media_id(message, url),),
            reason=reason,
            at=START,
        )
        await self._append(MEDIA, who, event, external_id, url, reason, key=message)

    async def change(
        self,
        kind: type[CommentEvent],
        external_id: str,
        *,
        who: str | None = None,
        parent: str | None = None,
        live: bool = False,
        at: float | None = None,
        **changed: Any,
    ) -> None:
        event = kind(**self._about(external_id, who, parent, live=live, at=at), **changed)
        actor = self._actor(who, parent or external_id)
        await self._append(INBOUND, actor, event, external_id, str(next(self._numbers)))

    def _actor(self, who: str | None, root: str) -> str:
        return f"comment:{root}" if who is None else who

    def _about(
        self,
        external_id: str,
        who: str | None,
        parent: str | None,
        *,
        live: bool,
        at: float | None,
        name: str | None = None,
        post: str = "post",
    ) -> dict[str, Any]:
        organization, page = OrganizationId(self.organization), PageId(self.page)
        customer = None if who is None else self.customer(who, name)
        thread: ConversationId | None = comment_thread_id(organization, page, parent or external_id)
        if live:
            thread = None if customer is None else livestream_thread_id(customer.id, post)
        return {
            **self._common(at),
            "message_id": message_id(organization, page, external_id),
            "external_id": external_id,
            "post_external_id": post,
            "parent_external_id": parent,
            "customer": customer,
            "conversation_id": thread,
            "livestream": live,
        }

    async def assign(
        self,
        who: str,
        agent: str | None,
        conversation: ConversationId | None = None,
        **decided: Any,
    ) -> int:
        """The router gives a conversation (left out: the message thread) to `agent`, or queues it.
        `decided` is what the record says besides. Returns the version."""
        conversation = conversation or self.thread(who)
        version = self._versions[conversation] = self._versions.get(conversation, 0) + 1
        kind: type[AssignmentEvent] = AssignmentQueued if agent is None else AssignmentMade
        said: dict[str, Any] = {
            "previous_agent_id": None,
            "reason": Reason.QUEUED if agent is None else Reason.ROTATION,
            "rule_id": None,
            "mode": Strategy.SEQUENTIAL,
            "by": None,
            "caused_by": "evt_1",
            "candidates": () if agent is None or "choice" in decided else (AgentId(agent),),
            **decided,
        }
        event = kind(
            organization=OrganizationId(self.organization),
            page_id=PageId(self.page),
            conversation_id=conversation,
            customer_id=CustomerId(self.customer(who).id),
            kind=ConversationKind.MESSAGE,
            version=version,
            agent_id=None if agent is None else AgentId(agent),
            at=START,
            **said,
        )
        await self._append(ASSIGNMENTS, who, event, f"{conversation}:{version}", key=conversation)
        return version

    async def pool(self, pool: PoolRecorded) -> None:
        """The router says whom it could choose from."""
        envelope = Envelope(id=pool.id, source="test", subject=pool.id, time=START, data=pool)
        await self.log.append(POOLS, pool.id, envelope)

    def forget_versions(self) -> None:
        """The next assignments are those of a router that did not see the last ones."""
        self._versions.clear()

    async def _append(
        self, topic: Topic, who: str, event: Event, *parts: str, key: str | None = None
    ) -> None:
        place = customer_key(OrganizationId(self.organization), PageId(self.page), who)
        envelope = Envelope(
            id=event_id(self.page, *parts), source="test", subject=who, time=START, data=event
        )
        await self.log.append(
            topic, key or place, envelope, partition=partition_of(place, topic.partitions)
        )
