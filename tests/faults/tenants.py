"""Who is in the history: organizations, their pages, departments and people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

CUSTOMERS = 30
"""Of each page."""
AGENTS = ("nv1", "nv2", "nv3", "nv4", "nv5")
MANAGERS = ("admin", "truong")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """An organization of the history. `steady`: its settings never stop it from assigning by
    itself and from queueing, so that whatever comes must end with somebody or in the queue."""

    id: str
    pages: Mapping[str, str]
    """Page id to its id at Facebook."""
    rules: Mapping[str, Json]
    steady: bool
    zalo: Mapping[str, str] = field(default_factory=dict)
    """Page id to its id at Zalo, for its accounts there."""
    site: str = ""
    """The page of its livechat, if it has one."""
    departments: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What visitors choose from, and the agents who are there for it."""

    def departments_of(self, agent: str) -> list[str]:
        return [each for each, agents in self.departments.items() if agent in agents]


WANDERER = "di-chuyen"
"""A page that goes from one organization to the other, and back (P1)."""
WANDERERS_ID = "104000000000031"
"""Its id at Facebook."""

TENANTS: Mapping[str, Tenant] = {
    each.id: each
    for each in (
        Tenant(
            id="an",
            pages={"an-1": "104000000000011", "an-2": "104000000000012"},
            rules={
                "chung": {"pages": None, "members": []},
                "trang-1": {"pages": ["an-1"], "members": ["nv1", "nv2", "nv3"]},
            },
            steady=True,
            zalo={"an-zalo": "4000000000000000011"},
            site="an-web",
            departments={"ban-hang": ["nv1", "nv2", "nv3"], "bao-hanh": ["nv3", "nv4"]},
        ),
        Tenant(
            id="binh",
            pages={"binh-1": "104000000000021", "binh-2": "104000000000022"},
            rules={
                "chung": {"pages": None, "members": ["nv5", "nv4", "nv3", "nv2", "nv1"]},
                "trang-2": {"pages": ["binh-2"], "members": ["nv2", "nv4"], "mode": "random"},
            },
            steady=False,
            zalo={"binh-zalo": "4000000000000000021"},
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Account:
    """A page from which agents answer. `refreshes`: it has a refresh token."""

    tenant: str
    page: str
    channel: str
    external_id: str
    refreshes: bool = False


def _list_accounts() -> Iterator[Account]:
    for tenant in TENANTS.values():
        for page, external_id in tenant.pages.items():
            yield Account(tenant.id, page, "facebook", external_id)
        for page, external_id in tenant.zalo.items():
            yield Account(tenant.id, page, "zalo", external_id, refreshes=not tenant.steady)


ACCOUNTS = tuple(_list_accounts())
CHANNELS = ("facebook", "zalo")
