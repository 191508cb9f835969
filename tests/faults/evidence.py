"""What the laws are judged by: the log, the answers of the API, and what the outside knows."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from faults.channel import Sent
from faults.contacting import ContactEvidence
from faults.doubles import ChannelCall
from faults.log import LogRead
from faults.neighbours import Neighbours
from faults.people import Key, People
from faults.replying import Held, Reply
from faults.stopping import Stop
from faults.tenants import AGENTS, TENANTS, Json
from tuyen_events.assignments import AssignmentEvent
from tuyen_events.routing import ChoiceMade
from tuyen_events.topics import ASSIGNMENTS, CHOICES

_AT_ONCE = 8
_VIEWERS = ("admin", *AGENTS)


@dataclass(slots=True)
class World:
    """What an organization has set up and who is there, as the API says it."""

    settings: Json
    agents: Mapping[str, Json]
    pages: Mapping[str, Json]
    rules: Mapping[str, Json]
    support_team: Sequence[str]
    presence: Mapping[str, str]


@dataclass(slots=True)
class Evidence:
    log: LogRead = field(default_factory=LogRead)
    sent: Mapping[str, Sent] = field(default_factory=dict)
    rows: dict[str, Json] = field(default_factory=dict)
    """Every conversation as its organization's administrator sees it, by id."""
    threads: dict[str, list[Json]] = field(default_factory=dict)
    """Messages by conversation."""
    histories: dict[str, list[Json]] = field(default_factory=dict)
    """Assignments by conversation, newest first."""
    worlds: dict[str, World] = field(default_factory=dict)
    inboxes: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    """What each person of an organization sees."""
    counts: dict[tuple[str, str], Json] = field(default_factory=dict)
    followed: Mapping[Any, tuple[int, str | None]] = field(default_factory=dict)
    """The state of an external consumer of assignments."""
    acknowledged: Counter[Key] = field(default_factory=Counter)
    mistakes: Sequence[str] = ()
    """What was answered with a mistake of ours, by any service to anybody."""
    neighbours: Neighbours | None = None
    """How long a quiet organization waited beside a noisy one; None where it was not measured."""
    replies: Mapping[str, Reply] = field(default_factory=dict)
    """What was answered, by text."""
    calls: Sequence[ChannelCall] = ()
    """What the channels were called, in their order."""
    held: Sequence[Held] = ()
    """Replies on pages whose tokens were dead."""
    contacts: ContactEvidence = field(default_factory=ContactEvidence)
    stop: Stop | None = None
    """What the examination of stops saw; None if there was none."""
    steady: frozenset[str] = frozenset()
    """Organizations that always assigned by themselves, and queued when there was nobody."""
    exam: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    """Per organization and rule, the comments that came when everything was calm, all agents being
    online: their ids at the channel in the order in which they were sent."""
    views_before: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    views_after: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """The views' documents by collection and id, live and made again from the log."""

    def assignments(self) -> dict[str, list[AssignmentEvent]]:
        """All records of each conversation, in log order."""
        found: dict[str, list[AssignmentEvent]] = {}
        for _, event in self.log.events(ASSIGNMENTS, AssignmentEvent):
            found.setdefault(event.conversation_id, []).append(event)
        return found

    def decided(self) -> dict[str, list[AssignmentEvent]]:
        """Of each conversation the records that count: the first in the log of each version."""
        found: dict[str, list[AssignmentEvent]] = {}
        for conversation, records in self.assignments().items():
            firsts: dict[int, AssignmentEvent] = {}
            for each in records:
                firsts.setdefault(each.version, each)
            found[conversation] = [firsts[version] for version in sorted(firsts)]
        return found

    def remembered(self) -> Iterator[tuple[int, int, ChoiceMade]]:
        """What stage 2 wrote down of its answers, in log order: partition, place, answer.

        The place counts the answers of a partition: their order is every rotation's order.
        """
        for entry in self.log.of(CHOICES):
            if entry.key.startswith("answer/") and entry.value is not None:
                place, _, answer, *_ = msgspec.json.decode(entry.value)
                yield entry.partition, place, msgspec.convert(answer, ChoiceMade)

    def answers(self) -> list[ChoiceMade]:
        """Each answer once, by partition in the order in which they were given."""
        firsts: dict[tuple[int, int], ChoiceMade] = {}
        for partition, place, answer in self.remembered():
            firsts.setdefault((partition, place), answer)
        return [firsts[at] for at in sorted(firsts)]


async def world_of(people: People, tenant: str) -> World:
    """The organization as its administrator sees it."""
    admin = people.who[tenant, "admin"]
    agents, pages, rules, presence = [
        await admin.all(f"/v1/{what}") for what in ("agents", "pages", "rules", "presence")
    ]
    team = await admin.get("/v1/support-team")
    return World(
        settings=await admin.get("/v1/settings"),
        agents={each["id"]: each for each in agents},
        pages={each["id"]: each for each in pages},
        rules={each["id"]: each for each in rules},
        support_team=team["agent_ids"],
        presence={each["agent_id"]: each["presence"] for each in presence},
    )


async def ask(people: People, evidence: Evidence) -> None:
    """Fills in what the API says."""
    limit = asyncio.Semaphore(_AT_ONCE)

    async def details(tenant: str, row: Json) -> None:
        admin, path = people.who[tenant, "admin"], f"/v1/conversations/{row['id']}"
        async with limit:
            evidence.threads[row["id"]] = await admin.all(f"{path}/messages")
            evidence.histories[row["id"]] = await admin.all(f"{path}/assignments")

    for tenant in TENANTS:
        evidence.worlds[tenant] = await world_of(people, tenant)
        for name in _VIEWERS:
            person = people.who[tenant, name]
            evidence.inboxes[tenant, name] = await person.all("/v1/conversations")
            evidence.counts[tenant, name] = await person.get("/v1/conversations/counts")
        rows = evidence.inboxes[tenant, "admin"]
        evidence.rows |= {row["id"]: {**row, "organization": tenant} for row in rows}
        await asyncio.gather(*(details(tenant, row) for row in rows))
