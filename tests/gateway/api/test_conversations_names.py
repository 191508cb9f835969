"""Conversations are found by the name that their customer has, wherever it is known (I2, I4)."""

from datetime import timedelta
from typing import Any

from gateway.feed import Feed
from gateway.rig import User
from gateway.router_twin import routing
from tuyen_events.ids import contact_id
from tuyen_events.inbound import Customer
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog
from tuyen_platform.mongodb import Database
from tuyen_platform.text import fold_accents
from tuyen_views.contacts import CONTACTS_VIEW
from tuyen_views.names import list_marked_suffixes


async def ids(user: User, query: str = "") -> list[str]:
    answer = await user.done("GET", f"/v1/conversations?after=0{query}")
    return [item["id"] for item in answer["items"]]


async def count(user: User, query: str) -> Any:
    return (await user.done("GET", f"/v1/conversations/counts?after=0{query}"))["total"]


async def name_in_crm(views: Database, who: Customer, name: str) -> None:
    """The CRM has the customer's name."""
    await views[CONTACTS_VIEW.collection].insert_one(
        {
            "_id": contact_id(who.id),
            "organization": "shop",
            "name": name,
            "name_folded": fold_accents(name),
            "name_suffixes": list_marked_suffixes(fold_accents(name)),
            "customers": [{"id": who.id, "picture": "https://cdn.example/a"}],
        }
    )


async def test_i2_a_name_known_from_a_comment_is_shown_at_the_message_and_found(
    owner: User, feed: Feed, views: Database
) -> None:
    thread = await feed.message("a")
    nobody = await feed.message("b")
    await name_in_crm(views, feed.customer("a"), "Nguyễn Vĩnh")
    found = await owner.done("GET", f"/v1/conversations/{thread}?after=0")
    assert found["customer"]["name"] == "Nguyễn Vĩnh"
    assert found["customer"]["picture"] == "https://cdn.example/a"
    listed = (await owner.done("GET", "/v1/conversations"))["items"]
    assert [item["customer"]["name"] for item in listed] == [None, "Nguyễn Vĩnh"]
    assert await ids(owner, "&q=vinh") == [thread]
    assert await count(owner, "&q=vinh") == 1
    assert nobody not in await ids(owner, "&q=b")
    await feed.echo("a", "dạ")
    path = f"/v1/conversations/{thread}/messages?after=0"
    said = (await owner.done("GET", path))["items"]
    assert [one["author"]["name"] for one in said] == ["Nguyễn Vĩnh", None]


async def test_i4_a_customer_is_found_by_their_present_name(owner: User, feed: Feed) -> None:
    thread = await feed.message("a", name="Lan Anh")
    assert await ids(owner, "&q=lan") == [thread]
    await feed.message("a", name="Nguyễn Vĩnh", at=1)
    assert await ids(owner, "&q=lan") == []
    for part in ("n v", "Ễ", "vinh", "h"):
        assert await ids(owner, f"&q={part}") == [thread]


async def test_i4_a_bulk_change_by_name_is_of_those_that_the_list_shows(
    owner: User, feed: Feed, views: Database, log: InMemoryLog, clock: ManualClock
) -> None:
    threads = {await feed.message("a"), await feed.message("b", name="Vinh")}
    await feed.message("c")
    await name_in_crm(views, feed.customer("a"), "Nguyễn Vĩnh")
    assert set(await ids(owner, "&q=vinh")) == threads
    clock.advance(timedelta(minutes=30))  # after all that the feed tells
    async with routing(log):
        body = {"filter": {"q": "vinh"}, "set": {"done": True}}
        job = await owner.done("POST", "/v1/conversations/bulk", body)
    assert (job["total"], job["done"]) == (2, 2)
    assert set(await ids(owner, "&done=true")) == threads
