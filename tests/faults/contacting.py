"""Managers who add, merge and share contacts, and agents who claim them."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from faults.journal import Journal
from faults.people import Key, People, Person
from faults.tenants import AGENTS, TENANTS, Json
from support.shop import eventually
from tuyen_events.crm.contacts import DEFAULT_WAREHOUSE

_ADDED, _CLAIMED, _CONFLICT = 201, 201, 409
_PATIENCE_S = 300.0
_AT_ONCE = 8


@dataclass(slots=True)
class ContactEvidence:
    """What was answered about contacts."""

    added: dict[str, set[str]] = field(default_factory=dict)
    """By the id of each contact that was added: the phone numbers that it was given."""
    acknowledged: Counter[Key] = field(default_factory=Counter)
    """Claims and shares that were answered with success."""
    lost: list[tuple[str, str]] = field(default_factory=list)
    """Claims that came too late: the contact, and the agent who had it by the answer."""
    living: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    """By organization and id: every contact, as the administrator sees it."""
    seen: Mapping[tuple[str, str], Mapping[str, Json]] = field(default_factory=dict)
    """By organization and agent: every contact that the agent sees."""
    became: Mapping[str, str] = field(default_factory=dict)
    """By the id of each contact that was added: the id of the contact into which it was merged, or
    its own."""


class Contacting:
    """Carries out these steps, and remembers what was answered."""

    def __init__(self, people: People, journal: Journal) -> None:
        self._people, self._journal = people, journal
        self._ids: dict[tuple[str, str], str] = {}
        self.evidence = ContactEvidence()

    async def open(self) -> None:
        """Makes all agents members of the default warehouse. Nothing is broken yet."""
        body = {"name": "Kho", "members": [*AGENTS], "managers": ["admin"]}
        for tenant in TENANTS:
            await self._ask_until_done(tenant, f"/v1/warehouses/{DEFAULT_WAREHOUSE}", body)

    # What the history asks for.

    async def add(self, given: Json) -> None:
        """A manager adds a contact."""
        body = {"name": given["name"], "phones": [given["phone"]]}
        answer = await self._admin(given).ask("POST", "/v1/contacts", json=body)
        if answer is not None and answer.status_code == _ADDED:
            contact = answer.json()["id"]
            self._ids[given["tenant"], given["name"]] = contact
            self.evidence.added[contact] = {given["phone"]}
        self._note("add", given, answer)

    async def one_phone(self, given: Json) -> None:
        """Two contacts get one phone number at the same time."""
        pair = [self._find(given, each) for each in ("about", "beside")]
        if None not in pair:
            await asyncio.gather(*(self._give_phone(given, str(each)) for each in pair))

    async def _give_phone(self, given: Json, contact: str) -> None:
        """Adds to the numbers that the contact has, which may be others' since a merge."""
        path, manager = f"/v1/contacts/{contact}", self._admin(given)
        shown = await manager.ask("GET", path)
        if shown is None or not shown.is_success:
            self._note("one_phone", {**given, "contact": contact}, shown)
            return
        body = {"phones": sorted({*shown.json()["phones"], given["phone"]})}
        headers = {"If-Match": shown.headers["ETag"]}
        answer = await manager.ask("PATCH", path, json=body, headers=headers)
        if answer is not None and answer.is_success:
            self.evidence.added[contact].add(given["phone"])
        self._note("one_phone", {**given, "contact": contact}, answer)

    async def merge(self, given: Json) -> None:
        """A manager merges two contacts manually."""
        contact, other = self._find(given, "about"), self._find(given, "beside")
        if contact is not None and other is not None:
            path = f"/v1/contacts/{contact}/merge"
            answer = await self._admin(given).ask("POST", path, json={"with": other})
            self._note("merge", given, answer)

    async def claim(self, given: Json) -> None:
        """Several members claim one contact at the same time."""
        contact, tenant = self._find(given, "about"), given["tenant"]
        if contact is not None:
            here = [one for one in given["claimers"] if (tenant, one) not in self._people.shut_out]
            await asyncio.gather(*(self._claim(given, contact, agent) for agent in here))

    async def _claim(self, given: Json, contact: str, agent: str) -> None:
        path = f"/v1/warehouses/{DEFAULT_WAREHOUSE}/claims"
        person = self._people.who[given["tenant"], agent]
        answer = await person.ask("POST", path, json={"contact_id": contact})
        if answer is not None and answer.status_code == _CLAIMED:
            self.evidence.acknowledged["claim", contact, agent] += 1
        if answer is not None and answer.status_code == _CONFLICT:
            self.evidence.lost.append((contact, answer.json()["agent_id"]))
        self._note("claim", {**given, "by": agent, "contact": contact}, answer)

    async def take_back(self, given: Json) -> None:
        """A manager takes a contact back from whoever has it."""
        contact = self._find(given, "about")
        if contact is not None:
            path = f"/v1/contacts/{contact}"
            answer = await self._admin(given).ask("PATCH", path, json={"assignee": None})
            self._note("take_back", given, answer)

    async def share(self, given: Json) -> None:
        """A manager shares a contact manually, or ends that."""
        contact = self._find(given, "about")
        if contact is None:
            return
        method = "PUT" if given["on"] else "DELETE"
        path = f"/v1/contacts/{contact}/shares/{given['agent']}"
        answer = await self._admin(given).ask(method, path)
        if answer is not None and answer.is_success:
            self.evidence.acknowledged["share", contact, given["agent"], given["on"]] += 1
        self._note("share", given, answer)

    # What the laws are judged by.

    async def ask(self) -> ContactEvidence:
        """Fills in what the API says in the end."""
        evidence, limit = self.evidence, asyncio.Semaphore(_AT_ONCE)
        tenants = {contact: tenant for (tenant, _), contact in self._ids.items()}

        async def became(contact: str) -> str:
            async with limit:
                return await self._ask_who(tenants[contact], contact)

        everybody = self._people.who
        for tenant in TENANTS:
            found = await everybody[tenant, "admin"].all("/v1/contacts")
            evidence.living = {**evidence.living, tenant: {each["id"]: each for each in found}}
            for agent in AGENTS:
                found = await everybody[tenant, agent].all("/v1/contacts")
                seen = {each["id"]: each for each in found}
                evidence.seen = {**evidence.seen, (tenant, agent): seen}
        ids = [*evidence.added]
        evidence.became = dict(zip(ids, await asyncio.gather(*map(became, ids)), strict=True))
        return evidence

    async def _ask_who(self, tenant: str, contact: str) -> str:
        """The id of the contact into which this one was merged, or its own."""
        found: list[str] = []

        async def answered() -> bool:
            path = f"/v1/contacts/{contact}"
            answer = await self._people.who[tenant, "admin"].ask("GET", path, follow_redirects=True)
            if answer is not None and answer.is_success:
                found.append(str(answer.json()["id"]))
            return bool(found)

        await eventually(answered, lambda: f"GET /v1/contacts/{contact}", _PATIENCE_S)
        return found[0]

    async def _ask_until_done(self, tenant: str, path: str, body: Json) -> None:
        async def done() -> bool:
            answer = await self._people.who[tenant, "admin"].ask("PUT", path, json=body)
            return answer is not None and answer.is_success

        await eventually(done, lambda: f"PUT {path}", _PATIENCE_S)

    def _admin(self, given: Json) -> Person:
        return self._people.who[given["tenant"], "admin"]

    def _find(self, given: Json, what: str) -> str | None:
        return self._ids.get((given["tenant"], given[what]))

    def _note(self, what: str, given: Json, answer: httpx.Response | None) -> None:
        self._journal.note(what, **given, came=None if answer is None else answer.status_code)
