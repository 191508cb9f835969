"""I6: the replies of all conversations that did not go out."""

from typing import Any

from gateway.outbox import Outbox, messages_of, reply
from gateway.rig import Rig, User
from tuyen_events.ids import ConversationId


async def failed(user: User) -> dict[str, Any]:
    await user.done("GET", "/v1/conversations?after=0")  # until the results are folded
    found: dict[str, Any] = await user.done("GET", "/v1/failed-replies?limit=1")
    return found


async def test_i6_what_did_not_go_out_is_counted_and_listed_with_its_reason(
    owner: User, thread: ConversationId, outbox: Outbox
) -> None:
    assert (await failed(owner))["total"] == 0
    for key in ("k1", "k2"):
        assert (await reply(owner, thread, key, text=f"Dạ {key}")).status_code == 202
        await outbox.refuse()
    found = await failed(owner)
    assert (found["total"], len(found["items"])) == (2, 1)
    [item] = found["items"]
    assert item["message"]["error"]["text"]["vi"] == "Khách đã chặn trang."
    assert item["conversation"]["id"] == thread
    assert item["conversation"]["customer"]["name"] == "Lan"
    again = f"/v1/conversations/{thread}/messages/{item['message']['id']}/retry"
    assert (await owner.post(again)).status_code == 202
    await messages_of(owner, thread)
    assert (await failed(owner))["total"] == 1


async def test_r7_1_of_pages_that_a_manager_does_not_see_it_says_nothing(
    desk: Rig, owner: User, thread: ConversationId, outbox: Outbox
) -> None:
    await reply(owner, thread, text="Dạ")
    await outbox.refuse()
    assert (await failed(owner))["total"] == 1
    manager = await desk.staff(owner, "giang", role="store_manager")
    await owner.done("PUT", "/v1/settings", {"page_permissions": True})
    found = await failed(manager)
    assert (found["total"], found["items"]) == (0, [])
    agent = await desk.staff(owner, "dung")
    assert (await agent.get("/v1/failed-replies")).status_code == 403
