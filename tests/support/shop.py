"""A shop as the outside sees it: signed webhooks in, the gateway's HTTP API, and nothing else."""

import itertools
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Self

import httpx

from support.channels import Account, Facebook, Json, Site
from support.global_tables import GlobalTables
from support.processes import eventually
from tuyen_local.stack import Stack

__all__ = ["PASSWORD", "Json", "OpenShop", "Person", "Shop", "accept", "eventually", "is_owned_by"]

PASSWORD = "mat-khau-du-dai-1"
_JOB_PATIENCE_S = 60.0
_numbers = itertools.count(1)


class Person:
    """Somebody who is logged in at the gateway."""

    def __init__(self, gateway: httpx.AsyncClient, token: str, tables: GlobalTables) -> None:
        self._gateway = gateway
        self._tables = tables
        self.token = token
        self._headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Any request, whatever it answers."""
        headers = {**self._headers, **options.pop("headers", {})}
        answer = await self._gateway.request(method, path, headers=headers, **options)
        if method != "GET":
            self._tables.changed()
        return answer

    async def get(self, path: str, **parameters: Any) -> Any:
        """The JSON of a successful GET."""
        return accept(await self.ask("GET", path, params=parameters)).json()

    async def put(self, path: str, **body: Any) -> Any:
        answer = accept(await self.ask("PUT", path, json=body))
        return answer.json() if answer.content else None

    async def post(self, path: str, **body: Any) -> Any:
        return accept(await self.ask("POST", path, json=body)).json()

    async def delete(self, path: str) -> None:
        accept(await self.ask("DELETE", path))

    async def go(self, status: str) -> None:
        """Sets the own presence, and returns once the gateway shows it."""
        await self.put("/v1/presence", status=status)

        async def shown() -> bool:
            return bool((await self.get("/v1/me"))["presence"] == status)

        await eventually(shown, lambda: f"not shown as {status}")

    async def inbox(self, **filters: Any) -> list[Json]:
        """All rows that the person sees, newest activity first."""
        rows: list[Json] = []
        cursor = None
        while True:
            parameters = {**filters, "limit": 200, **({"cursor": cursor} if cursor else {})}
            page = await self.get("/v1/conversations", **parameters)
            rows += page["items"]
            cursor = page["next"]
            if cursor is None:
                return rows


class Shop:
    """An organization with one Facebook page, and its administrator."""

    def __init__(self, stack: Stack, gateway: httpx.AsyncClient, name: str) -> None:
        self.id = name
        self.page_id = "trang"
        self._stack = stack
        self._tables = GlobalTables(stack)
        self._channels: list[Facebook | Site | Account] = []
        self.facebook = self._new_facebook()
        self._pages = {self.page_id: self.facebook}
        self.gateway = gateway
        self.operator_token = stack.secrets.operator_token
        self.people: dict[str, Person] = {}

    @property
    def admin(self) -> Person:
        return self.people["admin"]

    @classmethod
    async def opened(cls, stack: Stack, gateway: httpx.AsyncClient) -> Self:
        """A new organization that no other test has."""
        shop = cls(stack, gateway, f"shop-{secrets.token_hex(4)}")
        await shop.open()
        return shop

    async def open(self) -> None:
        """Makes the organization and its page; automatic assignment is still off."""
        accept(
            await self.gateway.post(
                "/v1/organizations",
                headers={"Authorization": f"Bearer {self.operator_token}"},
                json={
                    "id": self.id,
                    "name": "Cửa hàng",
                    "admin": {"username": "admin", "password": PASSWORD},
                },
            )
        )
        await self.log_in("admin")
        await self.staff()

    async def staff(self, *agents: str, page_id: str = "trang") -> None:
        """Connects a Facebook page, the first one if not told otherwise, or says who is on it."""
        page = self._pages[page_id]
        await self.admin.put(
            f"/v1/pages/{page_id}",
            channel="facebook",
            external_id=page.page,
            name="Trang bán hàng",
            staff=list(agents),
        )

    async def another_page(self, page_id: str) -> Facebook:
        """Connects one more Facebook page."""
        self._pages[page_id] = self._new_facebook()
        await self.staff(page_id=page_id)
        return self._pages[page_id]

    async def site(self, page_id: str = "web") -> Site:
        """Connects a livechat page, for the first time."""
        path = f"/v1/pages/{page_id}"
        site = Site(await self.admin.put(path, channel="livechat", name="Trang web"), self._tables)
        self._channels.append(site)
        return site

    async def account(self, page_id: str = "oa") -> Account:
        """Connects a Zalo account."""
        number = f"38{next(_numbers):06d}{secrets.randbelow(10**6):06d}"
        names = {"external_id": number, "name": "Tài khoản Zalo"}
        await self.admin.put(f"/v1/pages/{page_id}", channel="zalo", **names)
        account = Account(self._stack, number, self._tables)
        self._channels.append(account)
        return account

    def _new_facebook(self) -> Facebook:
        number = f"10{next(_numbers):06d}{secrets.randbelow(10**6):06d}"
        facebook = Facebook(self._stack, number, self._tables)
        self._channels.append(facebook)
        return facebook

    async def log_in(self, username: str) -> Person:
        answer = await self.gateway.post(
            "/v1/auth/login",
            json={"organization": self.id, "username": username, "password": PASSWORD},
        )
        person = Person(self.gateway, accept(answer).json()["access_token"], self._tables)
        self.people[username] = person
        return person

    async def hire(
        self, *names: str, role: str = "agent", online: bool = True, **more: Any
    ) -> None:
        """Adds people, logs them in and, if told so, sets them online."""
        for name in names:
            await self.employ(name, role=role, password=PASSWORD, **more)
            person = await self.log_in(name)
            if online:
                await person.go("online")

    async def add(self, *names: str, **more: Any) -> None:
        """Adds agents who never log in, for rules that apply to all: hashing passwords is slow."""
        for name in names:
            await self.employ(name, **more)

    async def employ(self, name: str, *, role: str = "agent", **more: Any) -> None:
        """Adds somebody or changes them; what is left out becomes what it is by default."""
        names = {"name": name.capitalize(), "username": name}
        await self.admin.put(f"/v1/agents/{name}", role=role, **names, **more)

    async def rule(
        self, rule_id: str, *members: str | Json, pages: Sequence[str] | None = None, **more: Any
    ) -> Json:
        """Makes or changes a rule, an enabled one if not told otherwise; default for all pages.

        A member is an agent's id, or all that is said of them.
        """
        listed = [{"agent_id": each} if isinstance(each, str) else each for each in members]
        given = {"enabled": True, "mode": "sequential", "applies_to": "online", **more}
        made = await self.admin.put(
            f"/v1/rules/{rule_id}",
            name=rule_id.capitalize().replace("-", " "),
            pages=pages,
            members=listed,
            **given,
        )
        return dict(made)

    async def settings(self, **changed: Any) -> Json:
        """Changes settings; those left out stay."""
        return dict(await self.admin.put("/v1/settings", **changed))

    async def assign_by(
        self,
        *members: str | Json,
        mode: str = "sequential",
        applies_to: str = "online",
        **settings: Any,
    ) -> None:
        """Switches automatic assignment on, with one default rule."""
        await self.rule("quay-vong", *members, mode=mode, applies_to=applies_to)
        await self.settings(assignment=True, auto_assign=True, **settings)

    async def row(
        self,
        external_id: str,
        holds: Callable[[Json], bool] = lambda _: True,
        *,
        viewer: Person | None = None,
        **filters: Any,
    ) -> Json:
        """The conversation of a customer or root comment, once `holds` is true of it."""
        found: list[Json] = []

        async def there() -> bool:
            found[:] = await (viewer or self.admin).inbox(external_id=external_id, **filters)
            return bool(found) and holds(found[0])

        await eventually(there, lambda: f"{external_id}: {found}")
        return found[0]

    async def chat(self, holds: Callable[[Json], bool] = lambda _: True) -> Json:
        """The conversation of the sites' only visitor, once `holds` is true of it."""
        found: list[Json] = []

        async def there() -> bool:
            found[:] = await self.admin.inbox(channel="livechat")
            return bool(found) and holds(found[0])

        await eventually(there, lambda: f"the chats: {found}")
        return found[0]

    async def owners(self, external_ids: Sequence[str], **filters: Any) -> Mapping[str, str]:
        """Who has each of these conversations, once all of them have somebody."""
        owners: dict[str, str] = {}

        async def all_owned() -> bool:
            for row in await self.admin.inbox(**filters):
                if row["assignee"] is not None:
                    owners[row["external_id"]] = row["assignee"]["agent_id"]
            return owners.keys() >= set(external_ids)

        await eventually(all_owned, lambda: f"{len(owners)} of {len(external_ids)} have an owner")
        return {each: owners[each] for each in external_ids}

    async def waiting(self, external_id: str, **filters: Any) -> Json:
        """A conversation, once it waits in a queue."""
        return await self.row(external_id, lambda row: bool(row["waiting"]), **filters)

    async def done(self, external_id: str, done: bool = True) -> None:
        """The administrator closes a conversation, or opens it."""
        row = await self.row(external_id)
        await self.admin.put(f"/v1/conversations/{row['id']}/done", done=done)

    async def wait_until_ended(self, job_id: str) -> Json:
        """A job, once it goes on no more."""
        job: Json = {}

        async def has_ended() -> bool:
            job.update(await self.admin.get(f"/v1/jobs/{job_id}"))
            return bool(job["state"] != "running")

        await eventually(has_ended, lambda: f"the job stands at {job}", _JOB_PATIENCE_S)
        return job

    async def history(self, conversation: str) -> list[Json]:
        """A conversation's assignments, newest first."""
        answer = await self.admin.get(f"/v1/conversations/{conversation}/assignments")
        return list(answer["items"])

    async def messages(self, conversation: str) -> list[Json]:
        answer = await self.admin.get(f"/v1/conversations/{conversation}/messages", limit=200)
        return list(answer["items"])

    async def close(self) -> None:
        for channel in self._channels:
            await channel.close()


OpenShop = Callable[[], Awaitable[Shop]]
"""Opens one more organization."""


def accept(answer: httpx.Response) -> httpx.Response:
    """The answer, if it is a success; AssertionError with what it says otherwise."""
    request = answer.request
    assert answer.is_success, f"{request.method} {request.url}: {answer.status_code} {answer.text}"
    return answer


def is_owned_by(agent: str | None) -> Callable[[Json], bool]:
    """A condition for `Shop.row`."""
    return lambda row: (row["assignee"] and row["assignee"]["agent_id"]) == agent
