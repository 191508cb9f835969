"""How many open conversations agents have (R1.7, R2.3): reported by stage 1, reserved by stage 2.

Stage 1 counts the assignments that it has written. What stage 2 chose since then is still on its
way, so each choice is held as a reservation until stage 1 reports that the answer is in its counts
or had no effect. An agent's load is the sum of both, so every conversation is counted at any time.

Decides R1.7.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

import msgspec

from tuyen_directory.capacity import Totals
from tuyen_events.ids import AgentId, OrganizationId
from tuyen_events.routing import LoadsReported


class LoadCounts(msgspec.Struct, frozen=True, array_like=True):
    """The latest report of one partition of stage 1; agents who are not in it have no open
    conversation there."""

    sequence: int
    loads: dict[AgentId, int]


@dataclass(slots=True)
class Loads:
    """The loads of one organization."""

    counted: dict[int, LoadCounts] = field(default_factory=dict)
    """By stage 1's partition."""
    reserved: dict[str, AgentId] = field(default_factory=dict)
    """By request."""
    totals: Totals = field(default_factory=Totals)
    """Both together, for all agents who have any."""


class LoadsCounted(msgspec.Struct, frozen=True):
    organization: OrganizationId
    partition: int
    counts: LoadCounts


class LoadReserved(msgspec.Struct, frozen=True):
    """An agent was chosen, and stage 1 has not yet reported that it handled the answer."""

    organization: OrganizationId
    request_id: str
    agent: AgentId


class LoadReleased(msgspec.Struct, frozen=True):
    """Stage 1 reported the answer: it is in the counts, or it had no effect."""

    organization: OrganizationId
    request_id: str


LoadStep = LoadsCounted | LoadReserved | LoadReleased


def on_load_report(
    loads: Mapping[OrganizationId, Loads], report: LoadsReported
) -> Iterator[LoadStep]:
    """A report of one partition of stage 1. The caller must apply each step before it takes the
    next.

    The counts of a report that is older than the last one are ignored; the requests that it names
    as settled are released all the same.
    """
    known = loads.get(report.organization) or Loads()
    before = known.counted.get(report.partition)
    if before is None or report.sequence >= before.sequence:
        named = dict(report.loads)
        if before is not None and not report.complete:
            named = {**before.loads, **named}
        counts = {agent: load for agent, load in named.items() if load}
        yield LoadsCounted(
            report.organization, report.partition, LoadCounts(report.sequence, counts)
        )
    for request in report.settled:
        if request in known.reserved:
            yield LoadReleased(report.organization, request)


def loads_before(
    loads: Mapping[OrganizationId, Loads], report: LoadsReported
) -> Mapping[AgentId, int]:
    """The present loads of the agents whom a report is about, before it is applied: of no others,
    however many an organization has, since a report that names one of them is frequent."""
    known = loads.get(report.organization)
    if known is None:
        return {}
    agents = set(report.loads)
    before = known.counted.get(report.partition)
    if report.complete and before is not None:
        agents.update(before.loads)
    reserved = known.reserved
    agents.update(reserved[request] for request in report.settled if request in reserved)
    return {agent: known.totals.get(agent, 0) for agent in agents}


def get_or_add_loads(loads: dict[OrganizationId, Loads], organization: OrganizationId) -> Loads:
    """The organization's loads; empty ones are added where there are none."""
    found = loads.get(organization)
    if found is None:
        found = loads[organization] = Loads()
    return found


def apply_load_step(loads: dict[OrganizationId, Loads], step: LoadStep) -> None:
    """Applies a step, live and in recovery alike. Applying the same step again changes nothing."""
    known = get_or_add_loads(loads, step.organization)
    match step:
        case LoadsCounted():
            before = known.counted.get(step.partition)
            known.counted[step.partition] = step.counts
            earlier = {} if before is None else before.loads
            for agent in earlier.keys() - step.counts.loads.keys():
                known.totals.add(agent, -earlier[agent])
            for agent, load in step.counts.loads.items():
                if load != earlier.get(agent, 0):
                    known.totals.add(agent, load - earlier.get(agent, 0))
        case LoadReserved():
            if step.request_id not in known.reserved:
                known.reserved[step.request_id] = step.agent
                known.totals.add(step.agent, 1)
        case LoadReleased():
            if step.request_id in known.reserved:
                known.totals.add(known.reserved.pop(step.request_id), -1)
        case _:
            assert_never(step)


def has_fallen(before: Mapping[AgentId, int], after: Mapping[AgentId, int]) -> bool:
    """Whether an agent has fewer open conversations than before, and may take another (R5.1)."""
    return any(after.get(agent, 0) < load for agent, load in before.items())
