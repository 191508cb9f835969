"""R9.5 and O2: entries of the audit that are repeated are counted, each once."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.rig import START
from tuyen_events.audit import AuditAction, AuditRecorded
from tuyen_events.audit_limits import AUDITED_AGAIN_S, REFUSALS_AUDITED_AN_HOUR
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_gateway.adapters.repetitions import Repetitions


def entry(second: float, what: str) -> AuditRecorded:
    return AuditRecorded(
        organization=OrganizationId("shop"),
        by=AgentId("lan"),
        at=START + timedelta(seconds=second),
        action=AuditAction.REFUSED,
        entity="request",
        id=what,
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 90), st.sampled_from("abc")), max_size=200))
def test_o2_r9_5_each_refusal_is_in_one_entry_and_entries_are_few(
    steps: list[tuple[float, str]],
) -> None:
    """After each of some times, somebody repeats one of three things."""
    repetitions, second = Repetitions(), 0.0
    recorded: list[AuditRecorded] = []
    for apart, what in steps:
        second += apart
        recorded += repetitions.list_due(START + timedelta(seconds=second))
        noted = repetitions.note(what, entry(second, what))
        recorded += [] if noted is None else [noted]
    for _ in range(20):
        second += 3600
        recorded += repetitions.list_due(START + timedelta(seconds=second))
    for what in "abc":
        wanted = sum(one == what for _, one in steps)
        assert sum(one.times for one in recorded if one.id == what) == wanted
    assert len(recorded) <= REFUSALS_AUDITED_AN_HOUR * (1 + second / 3600)
    assert len(recorded) <= 3 * (1 + second / AUDITED_AGAIN_S)


def test_o2_what_an_agent_did_is_recorded_however_much_they_were_refused() -> None:
    repetitions = Repetitions()
    for number in range(2 * REFUSALS_AUDITED_AN_HOUR):
        repetitions.note(number, entry(0, str(number)))
    downloaded = replace(entry(1, "export"), action=AuditAction.DOWNLOADED)
    assert repetitions.note("export", downloaded) == downloaded
    repetitions.note("export", downloaded)
    later = START + timedelta(seconds=2 * AUDITED_AGAIN_S)
    assert "export" in {one.id for one in repetitions.list_due(later)}


def test_o2_r9_5_nothing_is_kept_of_what_is_not_repeated() -> None:
    repetitions = Repetitions()
    for number in range(10):
        repetitions.note(number, entry(0, str(number)))
    for minute in (1, 2, 3):
        list(repetitions.list_due(START + timedelta(minutes=minute)))
    assert repetitions.note(1, entry(200, "1")) is not None
