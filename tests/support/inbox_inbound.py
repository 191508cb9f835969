"""Random histories of a few customers on one page: messages and comments, as records of the log."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from tuyen_events.codec import encode
from tuyen_events.event import Envelope, Event
from tuyen_events.ids import (
    ConversationId,
    MessageId,
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
    CommentEdited,
    CommentHidden,
    CommentRemoved,
    CommentUnhidden,
    Customer,
    CustomerFollowed,
    CustomerUnfollowed,
    MessageDeleted,
    MessageEchoed,
    MessageEdited,
    MessageReacted,
    MessageReceived,
    MessagesDelivered,
    MessagesSeen,
    Reacted,
    Visit,
)
from tuyen_events.topic import Topic
from tuyen_events.topics import INBOUND
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_platform.kafka.partitions import partition_of
from tuyen_platform.kafka.ports import Record

ORGANIZATION = OrganizationId("org")
PAGE = PageId("page")
START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
POST = "1_100"
LIVE_POST = "1_200"

Place = tuple[str, int]


def customer(number: int) -> Customer:
    external = f"psid-{number}"
    return Customer(
        id=customer_id(ORGANIZATION, PAGE, external),
        external_id=external,
        name=f"Nguyễn Vĩnh {number}" if number % 2 else None,
    )


def make_random(seed: int) -> Random:
    """A source of chance that is the same at every run."""
    return Random(seed)  # noqa: S311 - a test's histories are no secret


@dataclass
class InboundHistory:
    """Writes records as ingest does; the same seed, the same history."""

    seed: int
    organization: OrganizationId = ORGANIZATION
    records: dict[Place, list[Record]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.random = make_random(self.seed)
        self.clock = START
        self._mids: list[tuple[Customer, str]] = []
        self._comments: list[tuple[str, str | None, Customer | None, bool]] = []
        self.numbers = iter(range(1_000_000))

    def now(self) -> datetime:
        """The channel's next time: often the same second again, now and then late news."""
        self.clock += timedelta(milliseconds=self.random.choice([0, 0, 250, 1000]))
        late = timedelta(seconds=self.random.choice([0, 0, 0, 1, 5]))
        return (self.clock - late).replace(microsecond=0)

    def append(
        self, topic: Topic, key: str, event: Event, *, id_: str, at: str | None = None
    ) -> Record:
        """One record at the end of its partition; `at` is the key that places it."""
        value, headers = encode(
            Envelope(id=id_, source="test", subject=key, time=self.clock, data=event)
        )
        partition = partition_of(at or key, topic.partitions)
        stood = self.records[topic.name, partition]
        record = Record(
            topic.name, partition, len(stood), self._now_ms(), key.encode(), value, headers
        )
        stood.append(record)
        return record

    def _now_ms(self) -> int:
        return int(self.clock.timestamp() * 1000)

    def again(self, record: Record) -> None:
        """The same record once more: a webhook that was delivered twice."""
        stood = self.records[record.topic, record.partition]
        stood.append(
            Record(
                record.topic,
                record.partition,
                len(stood),
                self._now_ms(),
                record.key,
                record.value,
                record.headers,
            )
        )

    def inbound(self, event: Event, who: str, *key: str) -> Record:
        return self.append(
            INBOUND, customer_key(self.organization, PAGE, who), event, id_=event_id(*key)
        )

    def _common(self) -> dict[str, Any]:
        at = self.now()
        return {
            "organization": self.organization,
            "page_id": PAGE,
            "channel": Channel.FACEBOOK,
            "occurred_at": at,
            "accepted_at": self.clock
            + timedelta(
                milliseconds=self.random.choice([0, self.random.randrange(900)]),
                microseconds=self.random.randrange(3),
            ),
        }

    def _customer(self) -> Customer:
        return customer(self.random.randrange(6))

    def message(self, who: Customer | None = None) -> Record:
        who = who or self._customer()
        mid = f"mid-{next(self.numbers)}"
        quoted = self.random.choice([None, *self._mids[-8:]])
        self._mids.append((who, mid))
        picture = (Attachment(kind="image", url="https://cdn.example/1"),)
        event = MessageReceived(
            **self._common(),
            customer=who,
            conversation_id=message_thread_id(who.id),
            message_id=message_id(self.organization, PAGE, mid),
            external_id=mid,
            text=self.random.choice([None, f"xin chào {mid}", f"{mid} " + "dài " * 300]),
            attachments=self.random.choice([(), picture]),
            reply_to=None if quoted is None else self._message_id(quoted[1]),
        )
        return self.inbound(event, who.external_id, PAGE, mid)

    def echo(self) -> Record:
        who = self._customer()
        mid = f"mid-{next(self.numbers)}"
        self._mids.append((who, mid))
        event = MessageEchoed(
            **self._common(),
            customer=who,
            conversation_id=message_thread_id(who.id),
            message_id=message_id(self.organization, PAGE, mid),
            external_id=mid,
            text=f"dạ {mid}",
            automatic=self.random.random() < 0.2,
        )
        return self.inbound(event, who.external_id, PAGE, mid)

    def change_message(self) -> None:
        """An edit, a deletion or a reaction: of a message that is there, or one that is to come."""
        if not self._mids:
            return
        who, mid = self.random.choice(self._mids)
        about = {
            **self._common(),
            "customer": who,
            "conversation_id": message_thread_id(who.id),
            "message_id": message_id(self.organization, PAGE, mid),
        }
        number = next(self.numbers)
        event: Event = self.random.choice(
            [
                MessageEdited(**about, text=f"sửa {number}", edit_number=number),
                MessageDeleted(**about),
                MessageReacted(**about, emoji="❤"),
                MessageReacted(**about),
            ]
        )
        self.inbound(event, who.external_id, PAGE, mid, str(number))

    def follow(self) -> None:
        """A customer follows the page, or no more: perhaps before their first message."""
        who = self._customer()
        about: dict[str, Any] = {
            **self._common(),
            "customer": who,
            "conversation_id": message_thread_id(who.id),
        }
        followed = self.random.random() < 0.5
        event = CustomerFollowed(**about) if followed else CustomerUnfollowed(**about)
        self.inbound(event, who.external_id, PAGE, event.type, str(next(self.numbers)))

    def progress(self) -> None:
        who = self._customer()
        kind = self.random.choice([MessagesDelivered, MessagesSeen])
        event = kind(
            **self._common(),
            customer=who,
            conversation_id=message_thread_id(who.id),
            watermark=self.now(),
        )
        self.inbound(event, who.external_id, PAGE, kind.__name__, str(next(self.numbers)))

    def comment(self) -> Record:
        """A root comment or a reply, on a post or under a livestream."""
        who = self._customer()
        live = self.random.random() < 0.4
        roots = [
            c for c, parent, _, is_live in self._comments if parent is None and is_live == live
        ]
        parent = self.random.choice(roots) if roots and self.random.random() < 0.5 else None
        return self._comment(who, parent, live)

    def page_comment(self) -> Record:
        """The page's own words: below a comment of whichever depth, or as a root."""
        live = self.random.random() < 0.6
        above = [c for c, _, _, is_live in self._comments if is_live == live]
        parent = self.random.choice(above) if above and self.random.random() < 0.9 else None
        return self._comment(None, parent, live)

    def stillborn(self) -> None:
        """A comment or message whose removal comes first, by its author or by the page."""
        number = next(self.numbers)
        who = self._customer()
        if self.random.random() < 0.3:
            self._deleted_before(who, f"mid-{number}")
            return
        external = f"{POST}_{number}"
        parent = self.random.choice([None, *[c for c, p, _, live in self._comments if not live]])
        remover = self.random.choice([None, who])
        removal = CommentRemoved(
            **self._common(),
            message_id=self._message_id(external),
            external_id=external,
            post_external_id=POST,
            parent_external_id=parent,
            customer=remover,
            conversation_id=self._thread(external, parent, remover, live=False),
        )
        self.inbound(removal, self._actor(remover, external, parent), external, "remove")
        self._comment(who, parent, live=False, external=external)

    def _deleted_before(self, who: Customer, mid: str) -> None:
        about: dict[str, Any] = {
            "customer": who,
            "conversation_id": message_thread_id(who.id),
            "message_id": message_id(self.organization, PAGE, mid),
        }
        deleted = MessageDeleted(**self._common(), **about)
        self.inbound(deleted, who.external_id, PAGE, mid, "delete")
        event = MessageReceived(**self._common(), **about, external_id=mid, text="không có gì")
        self.inbound(event, who.external_id, PAGE, mid)

    def visit(self) -> None:
        """A livechat's visitor writes, from somewhere on the site."""
        who = self._customer()
        mid = f"chat-{next(self.numbers)}"
        about = {**self._common(), "channel": Channel.LIVECHAT}
        event = MessageReceived(
            **about,
            customer=who,
            conversation_id=message_thread_id(who.id),
            message_id=message_id(self.organization, PAGE, mid),
            external_id=mid,
            text="còn hàng không?",
            visit=self.random.choice([None, Visit(department="sales", page_url=f"/{mid}")]),
        )
        self.inbound(event, who.external_id, PAGE, mid)

    def _comment(
        self, who: Customer | None, parent: str | None, live: bool, external: str | None = None
    ) -> Record:
        post = LIVE_POST if live else POST
        external = external or f"{post}_{next(self.numbers)}"
        self._comments.append((external, parent, who, live))
        event = CommentAdded(
            **self._common(),
            message_id=self._message_id(external),
            external_id=external,
            post_external_id=post,
            parent_external_id=parent,
            customer=who,
            conversation_id=self._thread(external, parent, who, live),
            livestream=live,
            text=f"bình luận {external}",
        )
        return self.inbound(event, self._actor(who, external, parent), external, "add")

    def add_comment(self, who: Customer | None, parent: str | None, *, live: bool) -> Record:
        """A comment by a customer, or (null) by the page."""
        return self._comment(who, parent, live)

    def newest_comment(self) -> str:
        """Its id at the channel."""
        return self._comments[-1][0]

    def remove_comment(self, external: str, parent: str | None) -> Record:
        """The page removes a comment of its own below a livestream."""
        event = CommentRemoved(
            **self._common(),
            message_id=self._message_id(external),
            external_id=external,
            post_external_id=LIVE_POST,
            parent_external_id=parent,
            livestream=True,
        )
        return self.inbound(event, f"remover:{external}", external, "remove")

    def change_comment(self) -> None:
        """Somebody edits, removes, hides, unhides or likes a comment; or one that is to come."""
        if not self._comments:
            return
        external, parent, author, live = self.random.choice(self._comments)
        who = self.random.choice([None, author])
        about = {
            **self._common(),
            "message_id": self._message_id(external),
            "external_id": external,
            "post_external_id": LIVE_POST if live else POST,
            "parent_external_id": parent,
            "customer": who,
            "conversation_id": self._thread(external, parent, who, live),
            "livestream": live,
        }
        number = str(next(self.numbers))
        kind = self.random.choice(
            [CommentEdited, CommentEdited, CommentRemoved, CommentHidden, CommentUnhidden, Reacted]
        )
        if kind is CommentEdited:
            event: Event = CommentEdited(**about, text=f"sửa {number}")
        elif kind is Reacted:
            event = Reacted(
                **self._common(),
                post_external_id=POST,
                comment_external_id=external,
                reaction=self.random.choice(["like", None]),
            )
        else:
            event = kind(**about)
        self.inbound(event, self._actor(who, external, parent), external, number)

    def _message_id(self, external: str) -> MessageId:
        return message_id(self.organization, PAGE, external)

    def _actor(self, who: Customer | None, external: str, parent: str | None) -> str:
        return f"comment:{parent or external}" if who is None else who.external_id

    def _thread(
        self, external: str, parent: str | None, who: Customer | None, live: bool
    ) -> ConversationId | None:
        if not live:
            return comment_thread_id(self.organization, PAGE, parent or external)
        return None if who is None else livestream_thread_id(who.id, LIVE_POST)

    def conversations(self) -> list[tuple[ConversationId, Customer, ConversationKind]]:
        """Some that exist or will."""
        found = [
            (message_thread_id(who.id), who, ConversationKind.MESSAGE)
            for who in (customer(n) for n in range(6))
        ]
        for external, parent, who, live in self._comments:
            if who is not None and parent is None:
                thread = self._thread(external, None, who, live)
                kind = ConversationKind.LIVESTREAM if live else ConversationKind.COMMENT
                if thread is not None:
                    found.append((thread, who, kind))
        return found
