"""Rights in the CRM (C11)."""

from typing import Any

import msgspec
import pytest

from gateway.api.crm.answering import contact, show
from gateway.feed import Feed
from gateway.rig import Rig, User
from tuyen_events.ids import AgentId
from tuyen_gateway.api.crm import ROUTERS
from tuyen_gateway.api.crm.access import admit_beside_conversation, require_access
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database

LAN: dict[str, Any] = {"name": "Lan", "username": "lan", "role": "agent", "password": "s3cret"}
DENIED = {"access": False, "import": True, "export": False, "delete": True}


async def test_c11_the_rights_of_an_agent_are_set_and_read(desk: Rig, owner: User) -> None:
    before = await owner.done("PUT", "/v1/agents/lan", LAN)
    assert before["crm"] == {"access": True, "import": True, "export": True, "delete": True}
    await owner.done("PUT", "/v1/agents/lan", {**LAN, "crm": DENIED})
    assert (await owner.done("GET", "/v1/agents/lan"))["crm"] == DENIED
    minh = await desk.staff(owner, "minh")
    assert (await minh.done("GET", "/v1/agents/lan"))["crm"] is None


@pytest.mark.parametrize("rights", [{"access": None}, {"read": True}, [], {"imports": True}])
async def test_c11_what_are_no_rights_is_refused(owner: User, rights: object) -> None:
    assert (await owner.put("/v1/agents/lan", {**LAN, "crm": rights})).status_code == 422


OF_INTEGRATIONS = {"/calls", "/leads"}
"""They have tokens of their own, and no rights of agents (C12)."""


def test_c11_every_route_of_the_crm_asks_for_the_right_to_use_it() -> None:
    for router in ROUTERS:
        for route in router.routes:
            calls = [each.dependency for each in getattr(route, "dependencies", ())]
            guarded = require_access in calls or admit_beside_conversation in calls
            of_integrations = getattr(route, "path", "") in OF_INTEGRATIONS
            assert guarded is not of_integrations, route


async def test_c11_without_access_the_crm_is_closed(
    desk: Rig, owner: User, contacts: Database
) -> None:
    await owner.done("PUT", "/v1/agents/lan", {**LAN, "crm": DENIED})
    lan = await desk.login("shop", "lan", "s3cret")
    for path in ("contacts", "contacts/con_0", "contacts/con_9", "warehouses", "campaigns"):
        assert (await lan.get(f"/v1/{path}")).status_code == 403
    assert (await lan.call("PATCH", "/v1/contacts/con_0", {"name": "X"})).status_code == 403
    await owner.done("PUT", "/v1/agents/lan", LAN)
    assert (await lan.get("/v1/contacts")).status_code == 200


async def test_c11_w6_the_contact_beside_a_conversation_is_shown(
    desk: Rig, owner: User, contacts: Database, log: InMemoryLog
) -> None:
    await owner.done("PUT", "/v1/agents/lan", {**LAN, "crm": DENIED})
    page = {"channel": "facebook", "external_id": "page", "name": "Page"}
    await owner.done("PUT", "/v1/pages/page", page)
    lan = await desk.login("shop", "lan", "s3cret")
    mine = msgspec.structs.replace(contact(0, "shop", "Nguyễn Vĩnh"), assignee=AgentId("lan"))
    await show(contacts, mine)
    assert (await lan.get("/v1/contacts/con_0")).status_code == 403
    await Feed(log, page="page").message("0")
    await desk.gateway.inbox.wait_until_caught_up()
    assert (await lan.done("GET", "/v1/contacts/con_0"))["name"] == "Nguyễn Vĩnh"
    assert (await lan.get("/v1/contacts/con_0/history")).status_code == 403
    await show(contacts, contact(0, "shop", "Nguyễn Vĩnh"))
    assert (await lan.get("/v1/contacts/con_0")).status_code == 403
