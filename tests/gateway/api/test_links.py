"""L1: links, which say what group answers the visitors of an address first."""

import pytest

from gateway.rig import Rig, User


@pytest.fixture
async def grouped(rig: Rig, boss: User) -> User:
    await boss.done("PUT", "/v1/groups/shoes", {"name": "Giày"})
    return boss


def link(url: str = "https://shop.example/vn/giay", group: str = "shoes") -> dict[str, object]:
    return {"url": url, "group": group}


async def test_l1_a_link_is_put_read_changed_and_removed(rig: Rig, grouped: User) -> None:
    put = await grouped.put("/v1/links/vn", link())
    shown = {"id": "vn", **link(), "version": put.json()["version"]}
    assert put.json() == shown
    got = await grouped.get(f"/v1/links/vn?after={shown['version']}")
    assert (got.json(), got.headers["ETag"]) == (shown, put.headers["ETag"])
    assert (await grouped.done("GET", "/v1/links"))["items"] == [shown]
    changed = await grouped.done("PUT", "/v1/links/vn", link("https://shop.example/"))
    assert changed["url"] == "https://shop.example/"
    assert (await grouped.delete("/v1/links/vn")).status_code == 204
    assert (await grouped.get("/v1/links/vn")).status_code == 404
    assert (await grouped.delete("/v1/links/vn")).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "HTTP://Shop.Example:8080/a?b=c#d",
        "https://giày.vn/khuyến-mãi",
        " https://shop.example/vn ",
    ],
)
async def test_addresses_of_sites_are_taken(rig: Rig, grouped: User, url: str) -> None:
    assert (await grouped.done("PUT", "/v1/links/vn", link(url)))["url"] == url.strip()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "giay",
        "/vn/giay",
        "shop.example/vn",
        "https://",
        "https:///vn",
        "https://a b/vn",
        "https://shop.example/a b",
        "https://lan@shop.example/",
        "https://shop.example:port/",
        "ftp://shop.example/",
        "javascript:alert(1)",
        "https://shop.example/" + "a" * 2048,
    ],
)
async def test_what_is_no_address_of_a_site_is_refused(rig: Rig, grouped: User, url: str) -> None:
    answer = await grouped.put("/v1/links/vn", link(url))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.url"


async def test_a_links_group_exists(rig: Rig, grouped: User) -> None:
    answer = await grouped.put("/v1/links/vn", link(group="hats"))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.group"
    other = await rig.organization("other")
    assert (await other.put("/v1/links/vn", link())).status_code == 422
