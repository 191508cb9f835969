"""Presence: the sessions that agents open and keep alive, and the presence that follows from
them."""

from typing import ClassVar

import msgspec

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.vocabulary import Moment, Presence, PresenceCause


class SessionSignalled(Event, frozen=True, kw_only=True):
    """A signal of an agent's device: a status, or (null) only a heartbeat.

    `lease_s` is how many seconds after `at` the session lives without another signal. `by` is the
    manager who set somebody else's status; null if the agent did.
    """

    type: ClassVar[str] = "session.signalled.v1"
    organization: OrganizationId
    agent_id: AgentId
    session: str
    status: Presence | None
    lease_s: float
    by: AgentId | None = None
    at: Moment


class Session(msgspec.Struct, frozen=True, kw_only=True):
    status: Presence
    expires_at: Moment


class PresenceChanged(Event, frozen=True, kw_only=True):
    """An agent's presence over all devices, and why it changed (R8.3).

    If `presence` equals `previous`, only sessions changed: `cause`, `by` and `at` are still those
    of the last change of presence. A reader ignores a `version` that is not higher than the one it
    has.

    The record is also the presence service's own state: `sessions` are those that are still alive,
    and `signals_offset` is the last signal of the agent's partition that was handled, by which a
    redelivered signal is recognized.
    """

    type: ClassVar[str] = "presence.changed.v1"
    organization: OrganizationId
    agent_id: AgentId
    presence: Presence
    previous: Presence
    cause: PresenceCause
    by: AgentId | None = None
    at: Moment
    version: int
    sessions: dict[str, Session] = msgspec.field(default_factory=dict)
    signals_offset: int = -1


REMOVED_TYPE = "presence.removed.v1"
"""The type of a record without a value: the agent was removed, and counts as one who was never
online."""
