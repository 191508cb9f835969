"""A small organization at work, at random: customers write, agents answer, read, assign, and rights
change. Its views are those of `twins`."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import msgspec

from gateway.live.shop import SHOP, agent, at, page
from gateway.live.twins import Twins
from tuyen_events.directory import SettingsChanged
from tuyen_events.ids import AgentId, ConversationId, CustomerId, MessageId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind, Presence, Role, Visibility
from tuyen_gateway.domain.inbox import InboxRow, recount
from tuyen_gateway.domain.previews import RowCustomer
from tuyen_gateway.domain.read_marks import ReadMark, add_withdrawn
from tuyen_gateway.domain.threads import Direction, Message

AGENTS = ("boss", "lan", "minh", "tu")
JOINED_LATE = "tu"
"""Has read everything from before the seventh second."""

PAGES = ("p1", "p2")


@dataclass
class Market:
    """Writes as the projection does: messages before the rows that follow from them."""

    twins: Twins
    random: Random
    seconds: int = 0
    numbers: dict[str, int] = field(default_factory=dict)

    async def work(self) -> None:
        """One thing that happens."""
        happens = self.random.choices(
            (
                self.write,
                self.answer,
                self.echo,
                self.settle_echo,
                self.assign,
                self.read,
                self.report,
                self.remove,
                self.hide_row,
                self.go,
                self.permit,
                self.rename,
                self.describe,
            ),
            (8, 4, 3, 3, 6, 4, 2, 2, 1, 2, 1, 0.3, 3),
        )[0]
        self.seconds += 1
        await happens()

    def _row(self) -> InboxRow | None:
        stored = sorted(self.twins.views.stored.items())
        return self.random.choice(stored)[1] if stored else None

    def _now(self) -> datetime:
        return at(self.seconds)

    async def write(self) -> None:
        """A customer writes, perhaps for the first time."""
        key = ConversationId(f"c{self.random.randrange(6)}")
        row = self.twins.views.stored.get(key) or self._new(key)
        offset = row.inbound_events
        assert row.customer is not None
        message = self._message(row, Direction.IN, offset=offset, customer_id=row.customer.id)
        await self.twins.views.write_message(message)
        await self.twins.views.write(
            recount(
                msgspec.structs.replace(
                    row,
                    organization=SHOP,
                    inbound_events=offset + 1,
                    counted={"0": offset},
                    updated_at=self._now(),
                    first_inbound_at=row.first_inbound_at or self._now(),
                    last_inbound_at=self._now(),
                )
            )
        )

    def _new(self, key: ConversationId) -> InboxRow:
        name = self.random.choice([None, key.title()])
        customer = RowCustomer(
            id=CustomerId(f"cus_{key}"), external_id=key, name=name, picture=None
        )
        return InboxRow(
            id=key,
            page_id=PageId(self.random.choice(PAGES)),
            channel=Channel.FACEBOOK,
            kind=self.random.choice([ConversationKind.MESSAGE, ConversationKind.COMMENT]),
            external_id=key,
            customer=customer,
        )

    def _message(self, row: InboxRow, direction: Direction, **fields: Any) -> Message:
        number = self.numbers[row.id] = self.numbers.get(row.id, 0) + 1
        assert row.page_id is not None
        return Message(
            id=MessageId(f"m_{row.id}_{number}"),
            organization=SHOP,
            page_id=row.page_id,
            conversation_id=row.id,
            direction=direction,
            at=self._now(),
            accepted_at=self._now(),
            accepted_us=0,
            partition=0,
            text=f"text {number}",
            **fields,
        )

    async def answer(self) -> None:
        if (row := self._row()) is not None:
            await self.twins.views.write_message(self._message(row, Direction.OUT))
            await self.twins.views.write(msgspec.structs.replace(row, updated_at=self._now()))

    async def echo(self) -> None:
        """The channel reports what the page wrote: perhaps a reply that is not settled."""
        await self.report_echo(held=self.random.random() < 0.7)

    async def report_echo(self, *, held: bool) -> None:
        if (row := self._row()) is not None:
            await self.twins.views.write_message(self._message(row, Direction.OUT, held=held))

    async def settle_echo(self) -> None:
        """An echo turns out to be a reply's, or another's. Seldom it was shown before."""
        echoes = [
            message
            for _, message in sorted(self.twins.views.thread.items())
            if message.direction is Direction.OUT
            and message.part_of is None
            and (message.held or self.random.random() < 0.1)
        ]
        if not echoes:
            return
        echo = msgspec.structs.replace(self.random.choice(echoes), held=False)
        if self.random.random() < 0.5:
            whole = MessageId(f"whole_{echo.id}")
            echo = msgspec.structs.replace(echo, part_of=whole)
            reply = msgspec.structs.replace(echo, id=whole, part_of=None, shown=False)
            await self.twins.views.write_message(reply)
        await self.twins.views.write_message(echo)

    async def assign(self) -> None:
        if (row := self._row()) is not None:
            assignee = self.random.choice([None, *(AgentId(one) for one in AGENTS)])
            await self.twins.views.write(
                msgspec.structs.replace(row, assignee=assignee, version=row.version + 1)
            )

    async def read(self) -> None:
        """Somebody reads a conversation, or marks it as unread."""
        if (row := self._row()) is None:
            return
        reader = AgentId(self.random.choice(AGENTS))
        seen = max(0, row.inbound_events - self.random.choice([0, 0, 1]))
        mark = ReadMark(agent_id=reader, seen_events=seen, seen={"0": seen - 1})
        others = [read for read in row.reads if read.agent_id != reader]
        reads = tuple(sorted([*others, mark], key=lambda read: read.agent_id))
        await self.twins.views.write(recount(msgspec.structs.replace(row, reads=reads)))

    async def report(self) -> None:
        """The customer's device reports what was delivered, or seen."""
        if (row := self._row()) is None:
            return
        if self.random.random() < 0.5:
            row = msgspec.structs.replace(row, delivered_until=self._now())
        else:
            row = msgspec.structs.replace(row, seen_until=self._now())
        await self.twins.views.write(row)

    async def remove(self) -> None:
        """A customer removes a message."""
        standing = [
            message
            for _, message in sorted(self.twins.views.thread.items())
            if message.direction is Direction.IN and not message.removed
        ]
        if not standing:
            return
        message = self.random.choice(standing)
        removed = msgspec.structs.replace(message, removed=True, text=None)
        await self.twins.views.write_message(removed)
        assert message.conversation_id is not None
        assert message.offset is not None
        row = self.twins.views.stored[message.conversation_id]
        withdrawn = add_withdrawn(row.withdrawn, (message.offset, 0))
        left = [
            one.accepted_at
            for one in self.twins.views.thread.values()
            if one.conversation_id == row.id and one.direction is Direction.IN and not one.removed
        ]
        last = max((moment for moment in left if moment is not None), default=None)
        row = msgspec.structs.replace(row, withdrawn=withdrawn, last_inbound_at=last)
        await self.twins.views.write(recount(row))

    async def hide_row(self) -> None:
        """A conversation leaves all lists."""
        if (row := self._row()) is not None:
            await self.twins.views.write(msgspec.structs.replace(row, organization=None))

    async def go(self) -> None:
        """An agent comes, or goes."""
        presence = self.random.choice(list(Presence))
        self.twins.presence.set(AgentId(self.random.choice(AGENTS)), presence)

    async def permit(self) -> None:
        """Rights change."""
        directory = self.twins.directory
        match self.random.randrange(3):
            case 0:
                staff = [one for one in AGENTS if self.random.random() < 0.5]
                directory.set_up(page(self.random.choice(PAGES), *staff))
            case 1:
                directory.set_up(
                    SettingsChanged(
                        organization=SHOP,
                        visibility=self.random.choice(list(Visibility)),
                        page_permissions=self.random.random() < 0.5,
                        at=at(0),
                    )
                )
            case _:
                role = self.random.choice([Role.AGENT, Role.AGENT, Role.SALES_MANAGER])
                directory.set_up(agent("lan", role))

    async def describe(self) -> None:
        """The channel says who a customer is: their messages are named, and then the row."""
        row = self._row()
        if row is None or row.customer is None or row.customer.name is not None:
            return
        name = f"Khách {self.seconds}"
        for _, message in sorted(self.twins.views.thread.items()):
            if message.conversation_id == row.id and message.customer_id == row.customer.id:
                named = msgspec.structs.replace(message, customer_name=name)
                await self.twins.views.write_message(named)
        customer = msgspec.structs.replace(row.customer, name=name)
        await self.twins.views.write(msgspec.structs.replace(row, customer=customer))

    async def rename(self) -> None:
        """An agent gets another name."""
        changed = msgspec.structs.replace(agent("minh"), name=f"Minh {self.seconds}")
        self.twins.directory.set_up(changed)
