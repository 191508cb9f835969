"""Managers and agents at the gateway, with its restarts and time-outs in their way."""

import asyncio
from collections import Counter
from typing import Any

import httpx

from faults.channel import Connected
from faults.cluster import LEASE_S, Cluster
from faults.journal import Journal
from faults.odd import odd_request
from faults.tenants import AGENTS, MANAGERS, TENANTS, WANDERER, WANDERERS_ID, Json, Tenant
from support.shop import accept, eventually

_PASSWORD = "mat-khau-du-dai-1"
_ANSWER_WITHIN_S = 7.0
"""The gateway gives the router 5 s to answer a command."""
_BEAT_S = LEASE_S / 5
_BEAT_WITHIN_S = 2.0
_ACCEPTED, _UNAUTHORIZED, _NOT_FOUND, _OUR_MISTAKE = 202, 401, 404, 500
_PATIENCE_S = 300.0

Key = tuple[Any, ...]


class Person:
    """Somebody who is logged in. A gateway that does not answer is left for the other one."""

    def __init__(self, gateways: list[httpx.AsyncClient], tenant: str, name: str) -> None:
        self._gateways = gateways
        self.tenant, self.name = tenant, name
        self.mistakes: list[str] = []
        """What was answered with a mistake of ours."""
        self._asked = 0
        self._token = "none-yet"

    async def ask(
        self, method: str, path: str, *, timeout_s: float = _ANSWER_WITHIN_S, **options: Any
    ) -> httpx.Response | None:
        """One request to one of the gateways; None without an answer: it may have been done."""
        gateway = self._gateways[self._asked % len(self._gateways)]
        headers = options.pop("headers", {})
        for _ in range(2):
            try:
                answer = await gateway.request(
                    method,
                    path,
                    headers={"Authorization": f"Bearer {self._token}", **headers},
                    timeout=timeout_s,
                    **options,
                )
                if answer.status_code == _OUR_MISTAKE:
                    self.mistakes.append(f"{method} {path}: {answer.text}")
                if answer.status_code != _UNAUTHORIZED:
                    return answer
                await self._log_in(gateway)  # a gateway that was restarted, or a clock that ran on
            except httpx.TransportError:
                break
        self._asked += 1
        return None

    async def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a GET, asked until it is answered."""
        found: list[Any] = []

        async def answered() -> bool:
            answer = await self.ask("GET", path, params=parameters)
            if answer is not None and answer.is_success:
                found.append(answer.json())
            return bool(found)

        await eventually(answered, lambda: f"GET {path}", _PATIENCE_S)
        return found[0]

    async def all(self, path: str, **parameters: Any) -> list[Json]:
        """All items of a list."""
        items: list[Json] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(path, limit=200, **parameters, **cursor)
            items += page["items"]
            if page["next"] is None:
                return items
            cursor = {"cursor": page["next"]}

    async def _log_in(self, gateway: httpx.AsyncClient) -> None:
        body = {"organization": self.tenant, "username": self.name, "password": _PASSWORD}
        answer = await gateway.post("/v1/auth/login", json=body, timeout=_ANSWER_WITHIN_S)
        if answer.is_success:
            self._token = answer.json()["access_token"]


class People:
    """All of them, what they want, and which of their writes were answered."""

    def __init__(self, cluster: Cluster, journal: Journal) -> None:
        self._journal = journal
        self._operator = cluster.secrets.operator_token
        self._gateways = [
            httpx.AsyncClient(base_url=each.url, trust_env=False) for each in cluster.of("gateway")
        ]
        self.who = {
            (tenant, name): Person(self._gateways, tenant, name)
            for tenant in TENANTS
            for name in (*MANAGERS, *AGENTS)
        }
        self.wanted = {(t, name): "offline" for t in TENANTS for name in AGENTS}
        self.connected = Connected()
        self._moving = asyncio.Lock()
        self.shut_out: set[tuple[str, str]] = set()
        """Agents who may be disabled at the moment: whoever tries to log in again and again is
        made to wait."""
        self.acknowledged: Counter[Key] = Counter()
        """What the log must hold, since the gateway said so."""

    async def close(self) -> None:
        await asyncio.gather(*(each.aclose() for each in self._gateways))

    async def open(self) -> None:
        """Makes the organizations; everybody comes online. Nothing is broken yet."""
        for tenant in TENANTS.values():
            await self._open(tenant)
        for person in self.wanted:
            self.wanted[person] = "online"

    async def _open(self, tenant: Tenant) -> None:
        admin = {"username": "admin", "password": _PASSWORD}
        accept(
            await self._gateways[0].post(
                "/v1/organizations",
                headers={"Authorization": f"Bearer {self._operator}"},
                json={"id": tenant.id, "name": tenant.id, "admin": admin},
                timeout=_ANSWER_WITHIN_S,
            )
        )
        for department in tenant.departments:
            await self._set_up(tenant, f"/v1/departments/{department}", {"name": department})
        for name in (*MANAGERS[1:], *AGENTS):
            role = "store_manager" if name in MANAGERS else "agent"
            body = _agent(tenant, name, role, password=_PASSWORD)
            await self._set_up(tenant, f"/v1/agents/{name}", body)
        for page in tenant.pages:
            await self._set_up(tenant, f"/v1/pages/{page}", _page(tenant, page, list(AGENTS)))
        await self._open_site(tenant)
        for rule, given in tenant.rules.items():
            members = [{"agent_id": each} for each in given["members"]]
            change = {"enabled": True, **given, "members": members}
            await self._set_up(tenant, f"/v1/rules/{rule}", _rule(tenant, rule, change))
        await self._set_up(tenant, "/v1/settings", {"assignment": True, "auto_assign": True})

    async def _open_site(self, tenant: Tenant) -> None:
        if tenant.site:
            path, body = f"/v1/pages/{tenant.site}", {"channel": "livechat", "name": tenant.site}
            answer = await self.who[tenant.id, "admin"].ask("PUT", path, json=body)
            assert answer is not None, "nothing is broken yet"
            made = accept(answer).json()
            self.connected.sites[tenant.site] = (made["app_id"], made["token"])

    async def _set_up(self, tenant: Tenant, path: str, body: Json) -> None:
        async def done() -> bool:
            answer = await self.who[tenant.id, "admin"].ask("PUT", path, json=body)
            return answer is not None and accept(answer).is_success

        await eventually(done, lambda: f"PUT {path}", _PATIENCE_S)

    # Presence.

    async def stay(self, tenant: str, name: str) -> None:
        """Does what an agent's open page does, until cancelled: says the wanted status, keeps the
        session alive, and says it again when the lease was lost."""
        person, told = self.who[tenant, name], ""
        while True:
            wanted = self.wanted[tenant, name]
            if (tenant, name) in self.shut_out:
                told = ""
            elif told != wanted:
                if await self._say(person, wanted):
                    told = wanted
            elif wanted != "offline":
                answer = await person.ask(
                    "POST",
                    "/v1/presence/heartbeat",
                    json={"session": "web"},
                    timeout_s=_BEAT_WITHIN_S,
                )
                if answer is not None and answer.is_success:
                    self.acknowledged["signal", tenant, name, None] += 1
                    if answer.json()["presence"] != wanted:
                        told = ""
            await asyncio.sleep(_BEAT_S)

    async def _say(self, person: Person, status: str) -> bool:
        answer = await person.ask(
            "PUT",
            "/v1/presence",
            json={"status": status, "session": "web"},
            timeout_s=_BEAT_WITHIN_S + 2,
        )
        if answer is None or not answer.is_success:
            return False
        self.acknowledged["signal", person.tenant, person.name, status] += 1
        return True

    def expected(self, tenant: str, name: str) -> str:
        """The presence that an agent comes to once everything works."""
        return "offline" if (tenant, name) in self.shut_out else self.wanted[tenant, name]

    # What the history asks of them.

    async def presence(self, given: Json) -> None:
        self.wanted[given["tenant"], given["agent"]] = given["status"]
        self._journal.note("presence", **given)

    async def settings(self, given: Json) -> None:
        await self._put(given, "/v1/settings", given["change"], "settings", "")

    async def rule(self, given: Json) -> None:
        tenant, rule = TENANTS[given["tenant"]], given["rule"]
        body = _rule(tenant, rule, given["change"])
        await self._put(given, f"/v1/rules/{rule}", body, "rule", rule)

    async def page(self, given: Json) -> None:
        tenant, page = TENANTS[given["tenant"]], given["page"]
        body = _page(tenant, page, given["staff"])
        await self._put(given, f"/v1/pages/{page}", body, "page", page)

    async def agent(self, given: Json) -> None:
        """Hired, again if need be, or shut out."""
        tenant, agent = given["tenant"], given["agent"]
        here = not given["disabled"]
        body = _agent(
            TENANTS[tenant],
            agent,
            "agent",
            disabled=given["disabled"],
            password=_PASSWORD if here else None,
        )
        if not here:
            self.shut_out.add((tenant, agent))
        done = await self._put(given, f"/v1/agents/{agent}", body, "agent", agent)
        if done and here:
            self.shut_out.discard((tenant, agent))

    async def dismiss(self, given: Json) -> None:
        tenant, agent = given["tenant"], given["agent"]
        self.shut_out.add((tenant, agent))
        answer = await self.who[tenant, "admin"].ask("DELETE", f"/v1/agents/{agent}")
        self._note("dismiss", given, answer)

    async def move(self, given: Json) -> None:
        """P1: the page that wanders leaves the one organization, then comes to the other."""
        to, page, connected = given["tenant"], f"/v1/pages/{WANDERER}", self.connected
        async with self._moving:
            if connected.holder == to:
                return
            left = connected.holder
            connected.moved(None)
            if left is not None:
                await self._retry(self.who[left, "admin"], "DELETE", page)
            body = {"channel": "facebook", "external_id": WANDERERS_ID, "name": WANDERER}
            await self._retry(self.who[to, "admin"], "PUT", page, json=body)
            connected.moved(to)
        self._journal.note("move", **given)

    async def _retry(self, person: Person, method: str, path: str, **options: Any) -> None:
        """The same request until it is answered that it is done."""
        came: list[int | None] = [None]

        async def done() -> bool:
            answer = await person.ask(method, path, **options)
            came[0] = None if answer is None else answer.status_code
            gone = method == "DELETE" and came[0] == _NOT_FOUND
            return gone or (answer is not None and answer.is_success)

        await eventually(done, lambda: f"{method} {path}: {came[0]}", _PATIENCE_S)

    async def bulk(self, given: Json) -> None:
        answer = await self.who[given["tenant"], given["by"]].ask(
            "POST", "/v1/conversations/bulk", json=given["body"]
        )
        if answer is not None and answer.status_code == _ACCEPTED:
            self.acknowledged["job", given["tenant"], answer.json()["id"]] += 1
        self._note("bulk", given, answer)

    async def odd_request(self, given: Json) -> None:
        """Whatever it is answered, but for a mistake of ours, which `Person.ask` takes down."""
        odd = odd_request(given["which"])
        answer = await self.who[given["tenant"], given["by"]].ask(
            odd.method,
            odd.path,
            content=odd.content,
            headers={"Content-Type": "application/json"},
        )
        self._note("odd_request", given, answer)

    @property
    def mistakes(self) -> list[str]:
        """What anybody was answered with a mistake of ours."""
        return [each for person in self.who.values() for each in person.mistakes]

    async def _put(self, given: Json, path: str, body: Json, entity: str, name: str) -> bool:
        """Whether it was answered that it is done."""
        tenant = given["tenant"]
        answer = await self.who[tenant, "admin"].ask("PUT", path, json=body)
        self._note(entity, given, answer)
        if answer is None or not answer.is_success:
            return False
        self.acknowledged["directory", f"{tenant}/{entity}/{name}", answer.json()["version"]] += 1
        return True

    async def assign(self, given: Json) -> None:
        row = await self._row(given)
        if row is None:
            return
        expected = None
        if given["expect"] != "anything":
            expected = max(0, row["version"] - (given["expect"] == "passed"))
        await self._assign(given, row, given["by"], given["agent"], expected)

    async def take(self, given: Json) -> None:
        row = await self._row(given)
        if row is not None:
            takers = [t for t in given["takers"] if (given["tenant"], t) not in self.shut_out]
            await asyncio.gather(*(self._assign(given, row, t, t) for t in takers))

    async def _assign(
        self, given: Json, row: Json, by: str, agent: str | None, expected: int | None = None
    ) -> None:
        answer = await self.who[given["tenant"], by].ask(
            "PUT",
            f"/v1/conversations/{row['id']}/assignee",
            json={"agent_id": agent},
            headers={} if expected is None else {"If-Match": f'"{expected}"'},
        )
        if answer is not None and answer.is_success:
            said = answer.json()
            if said["version"] > 0:
                self.acknowledged["assigned", row["id"], said["version"], agent] += 1
        what = "take" if "takers" in given else "assign"
        self._note(what, given | {"conversation": row["id"], "agent": agent}, answer)

    async def handover(self, given: Json) -> None:
        answer = await self.who[given["tenant"], given["by"]].ask(
            "POST", f"/v1/agents/{given['agent']}/handover", json={"to": given["to"]}
        )
        if answer is not None and answer.is_success:
            self.acknowledged["job", given["tenant"], answer.json()["id"]] += 1
        self._note("handover", given, answer)

    async def mark(self, given: Json) -> None:
        row = await self._row(given)
        if row is not None and (given["tenant"], given["by"]) not in self.shut_out:
            path = f"/v1/conversations/{row['id']}/{given['mark']}"
            answer = await self.who[given["tenant"], given["by"]].ask("POST", path)
            if answer is not None and answer.is_success:
                self.acknowledged["read", row["id"], given["by"]] += 1
            self._note("mark", given, answer)

    async def done(self, given: Json) -> None:
        row = await self._row(given)
        if row is not None:
            path = f"/v1/conversations/{row['id']}/done"
            answer = await self.who[given["tenant"], given["by"]].ask(
                "PUT", path, json={"done": given["done"]}
            )
            if answer is not None and answer.is_success:
                self.acknowledged["done", row["id"], given["by"], given["done"]] += 1
            self._note("done", given, answer)

    async def _row(self, given: Json) -> Json | None:
        """The conversation as a manager sees it now, if it can be seen."""
        answer = await self.who[given["tenant"], "admin"].ask(
            "GET", "/v1/conversations", params={"external_id": given["external_id"]}
        )
        if answer is None or not answer.is_success:
            return None
        rows: list[Json] = answer.json()["items"]
        return next((row for row in rows if row["page_id"] == given.get("page")), None)

    def _note(self, what: str, given: Json, answer: httpx.Response | None) -> None:
        came = None if answer is None else answer.status_code
        self._journal.note(what, **given, came=came)


def _agent(
    tenant: Tenant, name: str, role: str, *, disabled: bool = False, password: str | None = None
) -> Json:
    body = {"name": name, "username": name, "role": role, "disabled": disabled}
    body |= {"departments": tenant.departments_of(name)}
    return body if password is None else {**body, "password": password}


def _page(tenant: Tenant, page: str, staff: list[str]) -> Json:
    return {"channel": "facebook", "external_id": tenant.pages[page], "name": page, "staff": staff}


def _rule(tenant: Tenant, rule: str, change: Json) -> Json:
    pages = tenant.rules[rule]["pages"]
    return {"name": rule, "mode": "sequential", "applies_to": "online", **change, "pages": pages}
