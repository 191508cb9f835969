"""Reads what rules chose last, and how many conversations agents have, from the views."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from tuyen_events.assignments import Choice
from tuyen_events.choosing import Cursor
from tuyen_events.ids import AgentId, OrganizationId, RuleId
from tuyen_events.vocabulary import Strategy
from tuyen_gateway.adapters.counters import match_place
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.domain.next_assignee import ChosenInTurn, find_last_of
from tuyen_gateway.ports.choices import LastChoice
from tuyen_gateway.projections import collections
from tuyen_gateway.projections.counters import ALL, ANY_PAGE, DAYS, place_of, read_field, read_place
from tuyen_platform.mongodb import Database

_IN_TURN = (Strategy.SEQUENTIAL, Strategy.LEAST_LOADED)
"""The strategies that move a rule's place in its rotation."""

_MOST_READ = 1_000
"""A queue that is served makes some hundreds of choices at one moment."""
_READ_AT_ONCE = 8


class MongoChoices:
    """`RuleChoices`."""

    def __init__(self, database: Database, reads: ReadLimiter) -> None:
        self._history = database[collections.HISTORY]
        self._pools = database[collections.POOL_RECORDS]
        self._counters = database[collections.COUNTERS]
        self._reads = reads

    async def last(self, organization: OrganizationId, rule_id: RuleId) -> LastChoice | None:
        async with self._reads.turn(organization):
            newest = await self._find_newest(organization, rule_id)
            if newest is None:
                return None
            entry, agent = newest
            pool_id = None if entry.choice is None else entry.choice.pool_id
            pool = await self._pools.find_one({"_id": pool_id}, {"order": 1})
        order = () if pool is None else tuple(map(AgentId, pool["order"]))
        return LastChoice(cursor=Cursor(agent, order), at=entry.at)

    async def _find_newest(
        self, organization: OrganizationId, rule_id: RuleId
    ) -> tuple["_Chosen", AgentId] | None:
        """The newest choice, and who was chosen last. Where the choices of one moment return to
        where they began, that is who was chosen last before."""
        chosen = self._history.find(
            {
                "organization": organization,
                "rule_id": rule_id,
                **collections.CHOSEN,
                "mode": {**collections.CHOSEN["mode"], "$in": [one.value for one in _IN_TURN]},
            },
            {"agent_id": 1, "at": 1, "choice": 1},
        )
        newest: _Chosen | None = None
        turns: list[ChosenInTurn] = []
        moment: datetime | None = None
        async for document in chosen.sort("at", -1).limit(_MOST_READ).batch_size(_READ_AT_ONCE):
            entry = msgspec.convert(document, _Chosen)
            newest = newest or entry
            if turns and entry.at != moment:
                if (agent := find_last_of(turns)) is not None:
                    return newest, agent
                turns.clear()
            moment = entry.at
            turns.append(ChosenInTurn(entry.agent_id, entry.choice.after if entry.choice else None))
        return None if newest is None else (newest, find_last_of(turns) or newest.agent_id)

    async def loads(
        self, organization: OrganizationId, agents: Collection[AgentId]
    ) -> Mapping[AgentId, int]:
        places = [match_place(place_of(organization, None, ANY_PAGE, agent)) for agent in agents]
        if not places:
            return {}
        async with self._reads.turn(organization):
            found = await self._counters.find({"$or": places}, {DAYS: 0}).to_list(None)
        loads: Counter[AgentId] = Counter()
        for document in found:
            agent = read_place(document.pop("_id")).assignee
            for name, number in document.items():
                cell = read_field(name)
                if cell is not None and cell.measure == ALL and not cell.done:
                    loads[agent] += number
        return +loads


class _Chosen(msgspec.Struct, frozen=True):
    agent_id: AgentId
    at: datetime
    choice: Choice | None = None
