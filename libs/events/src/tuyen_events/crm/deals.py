"""Deals: what a contact may buy."""

from datetime import date
from typing import ClassVar, NewType

import msgspec
from msgspec import UNSET, UnsetType

from tuyen_events.crm.records import ChildCommand, ChildEvent
from tuyen_events.ids import AgentId
from tuyen_events.vocabulary import Word

DealId = NewType("DealId", str)


class DealStage(Word):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Money(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount of money: a decimal number as text, and a currency by its ISO 4217 code."""

    amount: str
    currency: str


class DealCommand(ChildCommand, frozen=True, kw_only=True):
    """A request about a deal."""

    deal_id: DealId

    @property
    def child_id(self) -> str:
        return self.deal_id


class AddDeal(DealCommand, frozen=True, kw_only=True):
    """Add a deal to the contact, or replace the one with that id."""

    type: ClassVar[str] = "deal.add.v1"
    name: str
    value: Money | None = None
    stage: DealStage = DealStage.OPEN
    expected_close: date | None = None
    assignee: AgentId | None = None


class ChangeDeal(DealCommand, frozen=True, kw_only=True):
    """Change the fields that are given."""

    type: ClassVar[str] = "deal.change.v1"
    name: str | UnsetType = UNSET
    value: Money | UnsetType | None = UNSET
    stage: DealStage | UnsetType = UNSET
    expected_close: date | UnsetType | None = UNSET
    assignee: AgentId | UnsetType | None = UNSET


class RemoveDeal(DealCommand, frozen=True, kw_only=True):
    """Remove the deal; if there is none, nothing changes."""

    type: ClassVar[str] = "deal.remove.v1"


class DealEvent(ChildEvent, frozen=True, kw_only=True):
    """Something that happened to a deal."""

    deal_id: DealId

    @property
    def child_id(self) -> str:
        return self.deal_id


class DealAdded(DealEvent, frozen=True, kw_only=True):
    """An agent added a deal to the contact (C5)."""

    type: ClassVar[str] = "deal.added.v1"
    name: str
    value: Money | None = None
    stage: DealStage = DealStage.OPEN
    expected_close: date | None = None
    assignee: AgentId | None = None


class DealChanged(DealEvent, frozen=True, kw_only=True):
    """An agent changed the fields of a deal that are given."""

    type: ClassVar[str] = "deal.changed.v1"
    name: str | UnsetType = UNSET
    value: Money | UnsetType | None = UNSET
    stage: DealStage | UnsetType = UNSET
    expected_close: date | UnsetType | None = UNSET
    assignee: AgentId | UnsetType | None = UNSET


class DealRemoved(DealEvent, frozen=True, kw_only=True):
    """An agent removed a deal."""

    type: ClassVar[str] = "deal.removed.v1"
    removes: ClassVar[bool] = True
