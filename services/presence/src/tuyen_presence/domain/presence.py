"""An agent's sessions, how signals and ends of leases change them, and what is recorded.

A record is written when an agent's presence changes, when a session begins, ends or changes its
status, and now and then for a session that only sends heartbeats. So the last record and the
signals after its `signals_offset` always give the same state, and that is how a worker recovers
(R8.2).

A lease begins and ends by one clock: the broker's, in the signals' topic. `signalled_at` is the
broker's timestamp of a signal, and `now` that of a later record. The clocks of gateways and workers
neither begin nor end a lease (decision 14).

Decides R8.1, R8.2 and R8.3.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import msgspec

from tuyen_events.ids import AgentId, EventId, OrganizationId, derive_event_id
from tuyen_events.limits import SESSIONS
from tuyen_events.presence import PresenceChanged, Session, SessionSignalled
from tuyen_events.vocabulary import Presence, PresenceCause

RECORD_AFTER_SIGNALS = 50_000
"""A heartbeat is recorded if the agent's last record is so many signals of the partition old: a
worker that recovers reads about so many again, in about a second."""


@dataclass(frozen=True, slots=True)
class Agent:
    """One agent's sessions. `signals_offset` is the last signal that was handled, `recorded_offset`
    the last one that is included in a record."""

    organization: OrganizationId
    id: AgentId
    presence: Presence = Presence.OFFLINE
    cause: PresenceCause = PresenceCause.LOGOUT
    by: AgentId | None = None
    changed_at: datetime | None = None
    version: int = 0
    sessions: Mapping[str, Session] = field(default_factory=dict)
    signals_offset: int = -1
    recorded_offset: int = -1

    @property
    def key(self) -> str:
        return f"{self.organization}/{self.id}"


@dataclass(frozen=True, slots=True)
class PresenceStep:
    """A record to be written, with the id that is derived from its cause."""

    id: EventId
    event: PresenceChanged


def evolve(agent: Agent, event: PresenceChanged) -> Agent:
    """The agent after a record, whatever was known before: a record contains the whole state."""
    return replace(
        agent,
        presence=event.presence,
        cause=event.cause,
        by=event.by,
        changed_at=event.at,
        version=event.version,
        sessions=_drop_excess(event.sessions),
        signals_offset=event.signals_offset,
        recorded_offset=event.signals_offset,
    )


def apply_signal(
    agent: Agent, signal: SessionSignalled, offset: int, signalled_at: datetime
) -> Agent:
    """The agent after a signal for which `decide` records nothing."""
    if offset <= agent.signals_offset:
        return agent
    return replace(agent, sessions=_sessions(agent, signal, signalled_at), signals_offset=offset)


def decide(
    agent: Agent, signal: SessionSignalled, signal_id: str, offset: int, signalled_at: datetime
) -> PresenceStep | None:
    """What a signal changes (R8.1, R8.3); None if there is nothing to record.

    A status opens or renews the agent's session; `offline` ends it; a heartbeat renews a session
    that is still alive and opens none. A status that a manager sets applies to all sessions that
    are alive and opens none. A signal at or before `signals_offset` was handled. Of more than
    SESSIONS, those that would end first are dropped.
    """
    if offset <= agent.signals_offset:
        return None
    sessions = _sessions(agent, signal, signalled_at)
    due = bool(sessions) and offset - agent.recorded_offset >= RECORD_AFTER_SIGNALS
    if _statuses(sessions) == _statuses(agent.sessions) and not due:
        return None
    return _change(
        agent,
        sessions,
        cause=_cause(signal),
        by=signal.by,
        at=signal.at,
        id=derive_event_id(signal_id, agent.key),
        signals_offset=offset,
    )


def expire(agent: Agent, now: datetime) -> PresenceStep | None:
    """The end of the lease that ended first, if one has; call it again after that.

    The record has the time at which the lease ended, whenever it is written, so that two workers
    that both notice the end write the same.
    """
    ended = [(s.expires_at, name) for name, s in agent.sessions.items() if s.expires_at <= now]
    if not ended:
        return None
    expires_at, name = min(ended)
    return _change(
        agent,
        {other: session for other, session in agent.sessions.items() if other != name},
        cause=PresenceCause.LEASE_EXPIRED,
        by=None,
        at=expires_at,
        id=derive_event_id("lease", agent.key, name, expires_at.isoformat(), str(agent.version)),
        signals_offset=agent.signals_offset,
    )


def settle(published: Agent, agent: Agent, last: PresenceStep) -> PresenceStep:
    """One record for all that changed since `published`, whose last change is `last`.

    For the changes that accumulated while no worker ran: an agent who came and went meanwhile was
    never shown as online and must not be now (R8.2), and an agent who was shown as online all the
    time did not log in again (R8.3).
    """
    return _change(
        published,
        agent.sessions,
        cause=agent.cause,
        by=agent.by,
        at=agent.changed_at or last.event.at,
        id=last.id,
        signals_offset=agent.signals_offset,
    )


def restate(agent: Agent, late: PresenceChanged) -> PresenceStep:
    """The agent's last record once more, with the next version: a record of another worker that
    does not count follows it in the log, and compaction keeps the last record (decision 22)."""
    return _change(
        agent,
        agent.sessions,
        cause=agent.cause,
        by=agent.by,
        at=agent.changed_at or late.at,
        id=derive_event_id("restated", agent.key, str(agent.version)),
        signals_offset=agent.signals_offset,
    )


def condense(agent: Agent, changes: Sequence[PresenceStep]) -> list[PresenceStep]:
    """The records for changes of an agent that were made together; `agent` is the result of all of
    them.

    Each change of presence is a record, with its cause (R8.3); changes of sessions are included in
    the last of these, or in one record if there are none, however many they were (R9.5).
    """
    first = changes[0].event.version
    recorded = [c for c in changes if c.event.presence is not c.event.previous] or [changes[-1]]
    last = len(recorded) - 1
    return [
        PresenceStep(
            change.id,
            msgspec.structs.replace(
                change.event,
                version=first + number,
                sessions=dict(agent.sessions) if number == last else change.event.sessions,
                signals_offset=agent.signals_offset
                if number == last
                else change.event.signals_offset,
            ),
        )
        for number, change in enumerate(recorded)
    ]


def presence_of(sessions: Iterable[Session]) -> Presence:
    """Online if any session is, else away if any is, else offline (R8.1)."""
    statuses = {session.status for session in sessions}
    for presence in (Presence.ONLINE, Presence.AWAY):
        if presence in statuses:
            return presence
    return Presence.OFFLINE


def _sessions(
    agent: Agent, signal: SessionSignalled, signalled_at: datetime
) -> Mapping[str, Session]:
    known = agent.sessions
    if signal.by is not None:
        if signal.status is None or signal.status is Presence.OFFLINE:
            return known if signal.status is None else {}
        return {
            name: Session(status=signal.status, expires_at=session.expires_at)
            for name, session in known.items()
        }
    own = known.get(signal.session)
    if signal.status is Presence.OFFLINE:
        return {name: session for name, session in known.items() if name != signal.session}
    ends = signalled_at + timedelta(seconds=signal.lease_s)
    if own is None:
        if signal.status is None:
            return known
        opened = Session(status=signal.status, expires_at=ends)
        return _drop_excess({**known, signal.session: opened})
    renewed = Session(status=signal.status or own.status, expires_at=max(ends, own.expires_at))
    return {**known, signal.session: renewed}


def _drop_excess(sessions: Mapping[str, Session]) -> Mapping[str, Session]:
    if len(sessions) <= SESSIONS:
        return sessions
    by_end = sorted(sessions, key=lambda name: (sessions[name].expires_at, name))
    return {name: sessions[name] for name in by_end[-SESSIONS:]}


def _statuses(sessions: Mapping[str, Session]) -> dict[str, Presence]:
    return {name: session.status for name, session in sessions.items()}


def _cause(signal: SessionSignalled) -> PresenceCause:
    """An agent who sets themselves away also logs in: `away` is still logged in (R1.2)."""
    if signal.by is not None:
        return PresenceCause.SET_BY_MANAGER
    if signal.status is Presence.OFFLINE:
        return PresenceCause.LOGOUT
    return PresenceCause.LOGIN


def _change(
    agent: Agent,
    sessions: Mapping[str, Session],
    *,
    cause: PresenceCause,
    by: AgentId | None,
    at: datetime,
    id: EventId,
    signals_offset: int,
) -> PresenceStep:
    presence = presence_of(sessions.values())
    if presence is agent.presence and agent.changed_at is not None:
        # Only sessions changed: the record repeats why and since when the presence is as it is.
        cause, by, at = agent.cause, agent.by, agent.changed_at
    event = PresenceChanged(
        organization=agent.organization,
        agent_id=agent.id,
        presence=presence,
        previous=agent.presence,
        cause=cause,
        by=by,
        at=at,
        version=agent.version + 1,
        sessions=dict(sessions),
        signals_offset=signals_offset,
    )
    return PresenceStep(id, event)
