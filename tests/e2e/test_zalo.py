"""A Zalo account through HTTP alone: who follows it, who writes to it, and what it answers."""

import httpx

from support.shop import Json, Shop, eventually, is_owned_by
from support.zalo import payload, payload_names
from tuyen_local.stack import Stack


async def test_p2_zalos_own_test_of_the_address_is_answered(stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=stack.ingest_url, trust_env=False) as zalo:
        assert (await zalo.post("/webhooks/zalo", content=b"{}")).status_code == 200
        raw = payload("zalo__user_send_text")
        assert (await zalo.post("/webhooks/zalo", content=raw)).status_code == 401


async def test_r3_1_a_follower_is_assigned_once_they_write(shop: Shop) -> None:
    await shop.hire("an")
    await shop.assign_by("an")
    account = await shop.account()

    assert (await account.follow("u1")).status_code == 200
    row = await shop.row("u1", lambda row: row["follows"] is True, channel="zalo")
    assert (row["assignee"], row["unread"], row["last_text"]) == (None, 0, None)
    await eventually(lambda: _has_contact(shop, row), lambda: "no contact")

    await account.write("u1", "Còn size M không?")
    row = await shop.row("u1", is_owned_by("an"), channel="zalo")
    assert row["needs_reply"]
    await account.echo("u1", "Dạ còn ạ")
    row = await shop.row("u1", lambda row: row["last_text"] == "Dạ còn ạ")
    thread = await shop.messages(row["id"])
    assert [(each["direction"], each["text"]) for each in thread] == [
        ("in", "Còn size M không?"),
        ("out", "Dạ còn ạ"),
    ]
    await account.follow("u1", "unfollow")
    row = await shop.row("u1", lambda row: row["follows"] is False)
    assert is_owned_by("an")(row)


async def _has_contact(shop: Shop, row: Json) -> bool:
    return (await shop.admin.ask("GET", f"/v1/contacts/{row['contact_id']}")).status_code == 200


async def test_p3_every_sample_body_of_zalo_reaches_the_inbox(shop: Shop) -> None:
    account = await shop.account()
    for name in (*payload_names(), *payload_names()):
        raw = payload(name).replace(b"388000000000000001", account.account.encode())
        assert (await account.send_raw(raw)).status_code == 200
    row = await shop.row("246000000000000001", lambda row: row["unread"] == 10, channel="zalo")
    thread = await shop.messages(row["id"])
    assert len(thread) == 12
    assert {each["direction"] for each in thread} == {"in", "out"}
    assert row["customer"]["name"] == "Nguyen Van A"
