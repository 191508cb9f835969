"""A customer whose webhooks name nobody gets the name that the channel says (C1)."""

from itertools import permutations
from typing import Any

import msgspec
import pytest

from gateway.feed import Feed
from gateway.rig import Rig, User
from support.inbox_inbound import START
from support.outbound import LAN, THREAD, about_page
from tuyen_events.inbound import CustomerDescribed, CustomerFollowed, MessageReceived
from tuyen_events.limits import NAME_CHARACTERS, URL_CHARACTERS
from tuyen_gateway.domain.customer_descriptions import note_description, show_description
from tuyen_gateway.domain.followers import note_follow
from tuyen_gateway.domain.inbox import Addition, InboxRow, add_message

PICTURE = "https://cdn.example/lan.jpg"


def common(at: float) -> dict[str, Any]:
    return {**about_page(at), "conversation_id": THREAD}


def described(name: str | None, picture: str | None = None, at: float = 1) -> CustomerDescribed:
    customer = msgspec.structs.replace(LAN, name=name, picture=picture)
    return CustomerDescribed(**common(at), customer=customer)


def wrote(name: str | None, number: int) -> MessageReceived:
    return MessageReceived(
        **common(number),
        customer=msgspec.structs.replace(LAN, name=name),
        message_id=f"m_{number}",  # type: ignore[arg-type]  # an id
        external_id=f"mid-{number}",
    )


def fold(row: InboxRow, event: Any) -> InboxRow:
    match event:
        case CustomerDescribed(customer=customer):
            return note_description(row, event, customer.name and customer.name.lower())
        case MessageReceived(customer=customer):
            offset = int(event.external_id.removeprefix("mid-"))
            addition = Addition(event, event.message_id, offset, 0)
            return add_message(row, addition, customer.name and customer.name.lower())
        case _:
            return note_follow(row, event)


def shown(row: InboxRow) -> tuple[str | None, str | None, str | None]:
    customer = show_description(row).customer
    assert customer is not None
    return customer.name, customer.picture, row.name_folded


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([wrote(None, 1), described("Lan", PICTURE)], ("Lan", PICTURE, "lan")),
        ([wrote("Bà Lan", 1), described("Lan", PICTURE)], ("Bà Lan", PICTURE, "bà lan")),
        ([wrote(None, 1), described(None, PICTURE, 9), described("Lan")], ("Lan", None, "lan")),
        (
            [wrote(None, 1), described("Lan", None, 2), described("Mai", None, 3)],
            ("Mai", None, "mai"),
        ),
        (
            [wrote(None, 1), described("Lan", None, 2), described("Mai", None, 2)],
            ("Mai", None, "mai"),
        ),
        ([wrote(None, 1), described(None, PICTURE)], (None, PICTURE, None)),
        (
            [wrote(None, 1), described("Lan"), CustomerFollowed(**common(3), customer=LAN)],
            ("Lan", None, "lan"),
        ),
    ],
)
def test_c1_the_latest_description_counts_in_whatever_order(
    events: list[Any], expected: tuple[str | None, str | None, str | None]
) -> None:
    rows = set()
    for order in permutations(events):
        row = InboxRow(id=THREAD)
        for event in (*order, *order[:2]):
            row = fold(row, event)
        assert shown(row) == expected
        rows.add(msgspec.json.encode(row))
    assert len(rows) == 1


def test_r9_6_what_is_too_long_is_cut_or_left_out() -> None:
    event = described("a" * (NAME_CHARACTERS + 1), "https://" + "a" * URL_CHARACTERS)
    row = note_description(InboxRow(id=THREAD), event, None)
    assert row.description is not None
    assert row.description.name == "a" * NAME_CHARACTERS
    assert row.description.picture is None
    assert row.description.at == START.replace(second=1)


async def test_c1_a_described_customer_has_a_name_and_a_picture_and_is_found(
    owner: User, feed: Feed
) -> None:
    thread = await feed.message("lan", "Chào shop")
    path = f"/v1/conversations/{thread}?after=0"
    before = await owner.done("GET", path)
    assert (before["customer"]["name"], before["customer"]["picture"]) == (None, None)
    await feed.describe("lan", "Nguyễn Thị Lĩnh", PICTURE)
    after = await owner.done("GET", path)
    assert (after["customer"]["name"], after["customer"]["picture"]) == (
        "Nguyễn Thị Lĩnh",
        PICTURE,
    )
    assert after["revision"] > before["revision"]
    kept = ("updated_at", "unread", "last_text", "needs_reply", "waiting_since")
    assert [before[name] for name in kept] == [after[name] for name in kept]
    for query, found in (("linh", 1), ("thi lĩnh", 1), ("nam", 0)):
        listed = await owner.done("GET", f"/v1/conversations?after=0&q={query}")
        assert len(listed["items"]) == found


async def test_i13_messages_from_before_get_their_authors_name_with_a_higher_revision(
    owner: User, feed: Feed
) -> None:
    thread = await feed.message("lan", "một")
    path = f"/v1/conversations/{thread}/messages?after=0"
    (before,) = (await owner.done("GET", path))["items"]
    assert before["author"]["name"] is None
    await feed.describe("lan", "Lan", PICTURE)
    await feed.message("lan", "hai")
    first, second = (await owner.done("GET", path))["items"]
    assert (first["author"]["name"], second["author"]["name"]) == ("Lan", "Lan")
    assert first["revision"] > before["revision"]


async def test_c1_nobody_is_listed_because_they_were_described(owner: User, feed: Feed) -> None:
    await feed.describe("lan", "Lan")
    assert (await owner.done("GET", "/v1/conversations?after=0"))["items"] == []
    thread = await feed.message("lan", "Chào shop")
    (row,) = (await owner.done("GET", "/v1/conversations?after=0"))["items"]
    assert (row["id"], row["customer"]["name"]) == (thread, "Lan")


async def test_r7_2_another_organization_learns_no_name(desk: Rig, owner: User, feed: Feed) -> None:
    thread = await feed.message("lan", "Chào shop")
    await feed.describe("lan", "Lan")
    assert (await owner.done("GET", f"/v1/conversations/{thread}?after=0"))["customer"]["name"]
    stranger = await desk.organization("other")
    assert (await stranger.get(f"/v1/conversations/{thread}?after=0")).status_code == 404
    assert (await stranger.done("GET", "/v1/conversations?after=0&q=lan"))["items"] == []
