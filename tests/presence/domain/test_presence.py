"""R8: presence over sessions with leases, as given, when, then; and its laws."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.limits import SESSIONS
from tuyen_events.presence import PresenceChanged, Session, SessionSignalled
from tuyen_events.vocabulary import Presence, PresenceCause
from tuyen_presence.domain import presence as domain
from tuyen_presence.domain.presence import (
    Agent,
    PresenceStep,
    apply_signal,
    condense,
    decide,
    evolve,
    expire,
    settle,
)

START = datetime(2026, 9, 21, 8, tzinfo=UTC)
LEASE_S = 30.0
LAN = Agent(OrganizationId("hoa-sen"), AgentId("lan"))
MANAGER = AgentId("minh")
ONLINE, AWAY, OFFLINE = Presence.ONLINE, Presence.AWAY, Presence.OFFLINE
HEARTBEAT = None


def at(second: float) -> datetime:
    return START + timedelta(seconds=second)


def signal(
    second: float, status: Presence | None, session: str = "web", by: AgentId | None = None
) -> SessionSignalled:
    return SessionSignalled(
        organization=LAN.organization,
        agent_id=LAN.id,
        session=session,
        status=status,
        lease_s=LEASE_S,
        by=by,
        at=at(second),
    )


class Run:
    """One agent's history: signals in log order, and looks at the clock. There is one clock, and
    the log has it too."""

    def __init__(self, agent: Agent = LAN) -> None:
        self.agent = agent
        self.signals: list[SessionSignalled] = []
        self.changes: list[PresenceStep] = []

    def say(self, *signals: SessionSignalled) -> "Run":
        for told in signals:
            self.signals.append(told)
            self._take(len(self.signals) - 1)
        return self

    def _take(self, offset: int) -> None:
        told = self.signals[offset]
        change = decide(self.agent, told, f"evt_{offset}", offset, told.at)
        if change is None:
            self.agent = apply_signal(self.agent, told, offset, told.at)
        else:
            self._record(change)

    def look(self, second: float) -> "Run":
        while (change := expire(self.agent, at(second))) is not None:
            self._record(change)
        return self

    def _record(self, change: PresenceStep) -> None:
        self.agent = evolve(self.agent, change.event)
        self.changes.append(change)

    def crash(self) -> "Run":
        """What was not recorded is lost; the signals after the last record are read again."""
        self.agent = LAN if not self.changes else evolve(LAN, self.changes[-1].event)
        for offset in range(self.agent.signals_offset + 1, len(self.signals)):
            self._take(offset)
        return self

    @property
    def story(self) -> list[tuple[Presence, PresenceCause]]:
        """What others see: the changes of presence and their causes."""
        return [
            (change.event.presence, change.event.cause)
            for change in self.changes
            if change.event.presence is not change.event.previous
        ]


LOGIN, LOGOUT = (ONLINE, PresenceCause.LOGIN), (OFFLINE, PresenceCause.LOGOUT)
EXPIRED = (OFFLINE, PresenceCause.LEASE_EXPIRED)


def test_r8_1_online_from_login_until_logout() -> None:
    run = Run().say(signal(0, ONLINE))
    assert (run.agent.presence, run.story) == (ONLINE, [LOGIN])
    assert run.say(signal(5, OFFLINE)).story == [LOGIN, LOGOUT]
    assert run.agent.sessions == {}


@pytest.mark.parametrize(("second", "story"), [(29.9, [LOGIN]), (30, [LOGIN, EXPIRED])])
def test_r8_1_offline_when_the_lease_ends(
    second: float, story: list[tuple[Presence, PresenceCause]]
) -> None:
    assert Run().say(signal(0, ONLINE)).look(second).story == story


def test_r8_1_a_heartbeat_renews_the_lease_and_records_nothing() -> None:
    run = Run().say(signal(0, ONLINE), signal(20, HEARTBEAT)).look(49.9)
    assert (run.story, len(run.changes)) == ([LOGIN], 1)
    assert run.look(50).story == [LOGIN, EXPIRED]
    assert run.changes[-1].event.at == at(50)


def test_r8_1_a_heartbeat_restores_no_session_that_ended() -> None:
    run = Run().say(signal(0, ONLINE)).look(30).say(signal(31, HEARTBEAT))
    assert run.story == [LOGIN, EXPIRED]
    assert Run().say(signal(0, HEARTBEAT)).changes == []


def test_r8_1_several_devices_count_as_one_agent() -> None:
    run = Run().say(signal(0, ONLINE, "web"), signal(10, ONLINE, "phone"))
    assert run.say(signal(15, OFFLINE, "web")).story == [LOGIN]
    assert set(run.agent.sessions) == {"phone"}
    assert run.look(40).story == [LOGIN, EXPIRED]


@pytest.mark.parametrize(
    ("web", "phone", "presence"),
    [
        (ONLINE, ONLINE, ONLINE),
        (ONLINE, AWAY, ONLINE),
        (AWAY, ONLINE, ONLINE),
        (AWAY, AWAY, AWAY),
        (AWAY, OFFLINE, AWAY),
        (OFFLINE, ONLINE, ONLINE),
        (OFFLINE, OFFLINE, OFFLINE),
    ],
)
def test_r8_1_presence_over_sessions(web: Presence, phone: Presence, presence: Presence) -> None:
    run = Run().say(signal(0, web, "web"), signal(1, phone, "phone"))
    assert run.agent.presence is presence


@pytest.mark.parametrize(
    ("status", "sessions"),
    [
        (OFFLINE, {}),
        (AWAY, {"web": AWAY, "phone": AWAY}),
        (ONLINE, {"web": ONLINE, "phone": ONLINE}),
    ],
)
def test_r8_3_what_a_manager_sets_is_for_all_sessions(
    status: Presence, sessions: dict[str, Presence]
) -> None:
    run = Run().say(signal(0, ONLINE, "web"), signal(0, AWAY, "phone"))
    run.say(signal(5, status, "managers-own", by=MANAGER))
    assert {name: session.status for name, session in run.agent.sessions.items()} == sessions
    if status is not ONLINE:
        assert run.story[-1] == (status, PresenceCause.SET_BY_MANAGER)
        assert run.changes[-1].event.by == MANAGER


def test_r8_3_what_a_manager_sets_opens_no_session_and_renews_no_lease() -> None:
    assert Run().say(signal(0, ONLINE, by=MANAGER)).changes == []
    run = Run().say(signal(0, ONLINE), signal(20, AWAY, by=MANAGER))
    assert run.look(30).story[-1] == EXPIRED


def test_r8_3_an_agent_who_was_set_away_comes_back_by_their_own_signal() -> None:
    run = Run().say(signal(0, ONLINE), signal(5, AWAY, by=MANAGER), signal(9, HEARTBEAT))
    assert run.agent.presence is AWAY
    assert run.say(signal(10, ONLINE)).story[-1] == LOGIN


def test_r8_3_a_record_of_sessions_alone_keeps_cause_and_time_of_the_last_change() -> None:
    run = Run().say(signal(0, ONLINE, "web"), signal(10, ONLINE, "phone"), signal(12, OFFLINE))
    assert [(c.event.presence, c.event.previous) for c in run.changes[1:]] == [(ONLINE, ONLINE)] * 2
    assert {(c.event.cause, c.event.at) for c in run.changes} == {(PresenceCause.LOGIN, at(0))}
    assert [c.event.version for c in run.changes] == [1, 2, 3]


def test_r8_1_a_status_that_is_repeated_renews_the_lease_and_records_nothing() -> None:
    run = Run().say(signal(0, ONLINE), signal(20, ONLINE))
    assert len(run.changes) == 1
    assert run.agent.sessions["web"].expires_at == at(50)


def test_r9_2_a_redelivered_signal_changes_nothing() -> None:
    run = Run().say(signal(0, ONLINE), signal(1, OFFLINE))
    assert decide(run.agent, signal(0, ONLINE), "evt_0", 0, at(0)) is None
    assert apply_signal(run.agent, signal(0, ONLINE), 0, at(0)) == run.agent


def test_r8_1_a_clock_that_was_set_back_ends_no_lease_early() -> None:
    run = Run().say(signal(0, ONLINE), signal(-3600, HEARTBEAT), signal(-3600, ONLINE))
    assert run.look(29).story == [LOGIN]
    assert run.look(30).look(-3600).look(30).story == [LOGIN, EXPIRED]


@pytest.mark.parametrize("gateways_second", [-240, 0, 240])
def test_r8_1_a_lease_begins_when_the_log_took_the_signal_whatever_a_gateway_takes_for_the_time(
    gateways_second: float,
) -> None:
    told = signal(gateways_second, ONLINE)
    change = decide(LAN, told, "evt_0", 0, at(0))
    assert change is not None
    assert (change.event.at, change.event.sessions["web"].expires_at) == (told.at, at(LEASE_S))
    later = apply_signal(evolve(LAN, change.event), signal(gateways_second, HEARTBEAT), 1, at(20))
    assert expire(later, at(49.9)) is None
    assert expire(later, at(50)) is not None


def test_r9_5_of_too_many_sessions_those_that_would_end_first_are_dropped() -> None:
    run = Run().say(*(signal(n / 1000, ONLINE, f"tab-{n}") for n in range(SESSIONS + 5)))
    assert set(run.agent.sessions) == {f"tab-{n}" for n in range(5, SESSIONS + 5)}
    assert run.say(signal(1, HEARTBEAT, "tab-0")).agent.sessions.keys() == run.agent.sessions.keys()
    assert run.story == [LOGIN]


def test_r9_5_a_record_of_an_earlier_version_with_too_many_sessions_is_cut() -> None:
    session = Session(status=ONLINE, expires_at=at(30))
    record = msgspec.structs.replace(
        Run().say(signal(0, ONLINE)).changes[0].event,
        sessions={f"tab-{n}": session for n in range(2_000)},
    )
    assert len(evolve(LAN, record).sessions) == SESSIONS


def test_r8_3_each_change_of_presence_of_a_batch_is_published_and_sessions_with_the_last() -> None:
    run = Run().say(signal(0, ONLINE))
    before, told = run.agent, len(run.changes)
    run.say(signal(1, ONLINE, "tab-1"), signal(2, OFFLINE, "tab-1"), signal(3, OFFLINE))
    run.say(signal(4, AWAY), signal(5, AWAY, "tab-2"), signal(6, HEARTBEAT))
    records = [change.event for change in condense(run.agent, run.changes[told:])]
    assert [(r.presence, r.cause) for r in records] == [LOGOUT, (AWAY, PresenceCause.LOGIN)]
    assert [record.version for record in records] == [before.version + 1, before.version + 2]
    assert evolve(LAN, records[-1]).sessions == run.agent.sessions
    assert records[-1].signals_offset == 6


def test_r9_5_of_a_turn_in_which_only_sessions_changed_there_is_one_record() -> None:
    run = Run().say(signal(0, ONLINE))
    run.say(*(signal(1, ONLINE, f"tab-{n}") for n in range(5)))
    (record,) = [change.event for change in condense(run.agent, run.changes[1:])]
    assert (record.presence, record.previous, len(record.sessions)) == (ONLINE, ONLINE, 6)
    assert record.version == 2


def test_leases_that_ended_together_end_in_their_order_with_one_change_of_presence() -> None:
    run = Run().say(signal(0, AWAY, "web"), signal(5, ONLINE, "phone")).look(1000)
    assert run.story == [(AWAY, PresenceCause.LOGIN), LOGIN, EXPIRED]
    assert run.changes[-1].event.at == at(35)


def test_a_session_of_heartbeats_alone_is_recorded_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(domain, "RECORD_AFTER_SIGNALS", 3)
    run = Run().say(signal(0, ONLINE), *(signal(10 * n, HEARTBEAT) for n in range(1, 8)))
    assert [change.event.signals_offset for change in run.changes] == [0, 3, 6]
    assert run.changes[-1].event.sessions["web"].expires_at == at(90)
    assert run.story == [LOGIN]


@pytest.mark.parametrize(
    ("meanwhile", "story"),
    [
        ([signal(10, OFFLINE), signal(20, ONLINE)], []),
        ([signal(10, OFFLINE)], [LOGOUT]),
        ([signal(10, AWAY), signal(20, OFFLINE), signal(21, AWAY)], [(AWAY, PresenceCause.LOGIN)]),
    ],
)
def test_r8_2_what_piled_up_is_shown_as_one_change(
    meanwhile: Sequence[SessionSignalled], story: list[tuple[Presence, PresenceCause]]
) -> None:
    before = Run().say(signal(0, ONLINE), signal(1, HEARTBEAT))
    after = Run(before.agent).say(*before.signals, *meanwhile)
    settled = settle(before.agent, after.agent, after.changes[-1])
    assert settled.event.version == before.agent.version + 1
    assert settled.id == after.changes[-1].id
    seen = settled.event
    shown = [] if seen.presence is seen.previous else [(seen.presence, seen.cause)]
    assert shown == story
    recovered = evolve(LAN, seen)
    assert recovered.sessions == after.agent.sessions
    assert recovered.signals_offset == after.agent.signals_offset


SIGNALS = st.builds(
    signal,
    st.integers(-40, 200),
    st.sampled_from([ONLINE, AWAY, OFFLINE, HEARTBEAT, HEARTBEAT]),
    st.sampled_from(["web", "phone"]),
    st.sampled_from([None, None, None, MANAGER]),
)
STEPS = st.lists(SIGNALS | st.integers(-40, 400), max_size=30)


def history(steps: Sequence[SessionSignalled | int], crashes: frozenset[int] = frozenset()) -> Run:
    run = Run()
    for number, step in enumerate(steps):
        if number in crashes:
            run.crash()
        if isinstance(step, int):
            run.look(step)
        else:
            run.say(step)
    return run


@given(STEPS, st.frozensets(st.integers(0, 29)))
def test_r8_2_a_crash_anywhere_changes_no_record_and_makes_none_twice(
    steps: list[SessionSignalled | int], crashes: frozenset[int]
) -> None:
    straight, crashed = history(steps), history(steps, crashes)
    assert crashed.changes == straight.changes
    assert crashed.agent.sessions == straight.agent.sessions


@given(STEPS, st.data())
def test_r8_2_handling_from_any_earlier_record_makes_the_same_records_again(
    steps: list[SessionSignalled | int], data: st.DataObject
) -> None:
    """A worker that was killed before its records were acknowledged, and one that wakes up late."""
    told = [step for step in steps if not isinstance(step, int)]
    straight = history(told)
    kept = data.draw(st.integers(0, len(straight.changes)))
    again = Run()
    again.signals, again.changes = list(told), straight.changes[:kept]
    assert again.crash().changes == straight.changes
    assert len({change.id for change in again.changes}) == len(again.changes)


@given(STEPS)
def test_records_are_numbered_without_a_gap_and_each_says_what_it_follows(
    steps: list[SessionSignalled | int],
) -> None:
    events: list[PresenceChanged] = [change.event for change in history(steps).changes]
    assert [event.version for event in events] == list(range(1, len(events) + 1))
    before = OFFLINE
    for event in events:
        assert event.previous is before
        before = event.presence
        assert domain.presence_of(event.sessions.values()) is event.presence


@given(STEPS, st.integers(-40, 400))
def test_r8_2_nobody_stays_online_past_the_lease(
    steps: list[SessionSignalled | int], second: int
) -> None:
    run = history(steps).look(second)
    assert all(session.expires_at > at(second) for session in run.agent.sessions.values())
    assert run.look(10_000).agent.presence is OFFLINE


@given(st.lists(st.floats(0, LEASE_S - 0.1), max_size=20))
def test_r8_2_nobody_who_keeps_the_beat_is_logged_out(pauses: list[float]) -> None:
    run, second = Run().say(signal(0, ONLINE)), 0.0
    for pause in pauses:
        second += pause
        run.look(second).crash().say(signal(second, HEARTBEAT))
    assert run.look(second + LEASE_S - 0.1).story == [LOGIN]


def test_sessions_are_what_the_contract_says() -> None:
    run = Run().say(signal(0, ONLINE))
    assert run.changes[0].event.sessions == {"web": Session(status=ONLINE, expires_at=at(30))}
