"""R1.3 to R1.6 and R1.8 through HTTP alone: who may be chosen."""

from support.shop import Shop, is_owned_by


async def test_r1_3_a_member_gets_only_what_they_are_given(shop: Shop) -> None:
    await shop.add("an", "binh")
    await shop.assign_by(
        {"agent_id": "an", "capabilities": ["facebook_comment"]},
        {"agent_id": "binh", "capabilities": ["facebook_message"]},
        applies_to="all",
    )
    facebook, site = shop.facebook, await shop.site()
    await facebook.comments("1_1", "1_2")
    await facebook.write("c2", "c3")
    await facebook.send(facebook.video("555", "777"), facebook.live("777"))
    await facebook.send(facebook.comment("c9", "555_1", post="555", video=True))
    await site.write("v1")

    assert await shop.owners(["1_1", "1_2", "c2", "c3", "c9"]) == {
        "1_1": "an",
        "1_2": "an",
        "c2": "binh",
        "c3": "binh",
        "c9": "an",
    }
    await shop.waiting("v1", channel="livechat")


async def test_r1_4_only_who_was_given_the_page_and_giving_it_empties_the_queue(shop: Shop) -> None:
    await shop.add("an", "binh")
    await shop.assign_by("an", "binh", page_permissions=True, applies_to="all")
    await shop.facebook.comments("1_1", "1_2")
    for comment in ("1_1", "1_2"):
        await shop.waiting(comment)

    await shop.staff("binh")
    given = await shop.owners(["1_1", "1_2"])
    await shop.staff("an")
    await shop.facebook.comments("1_3")

    assert given == {"1_1": "binh", "1_2": "binh"}
    await shop.row("1_3", is_owned_by("an"))


async def test_r1_5_a_department_and_a_region_wait_for_their_own_agents(shop: Shop) -> None:
    for department in ("sales", "care"):
        await shop.admin.put(f"/v1/departments/{department}", name=department)
    for region in ("north", "south"):
        await shop.admin.put(f"/v1/departments/sales/regions/{region}", name=region)
    await shop.hire("an", departments=["sales"], regions=["sales/north"])
    await shop.hire("binh", departments=["sales"], regions=["sales/south"], online=False)
    await shop.hire("chi", departments=["care"])
    await shop.assign_by("chi", "an", "binh")
    site = await shop.site()

    await site.write("v-nam", department="sales", region="south")
    await site.write("v-la", department="kho")
    await site.write("v-ban-hang", department="sales")
    await site.write("v-bac", department="sales", region="north")
    await site.write("v-cham-soc", department="care")
    owners = await shop.owners(["v-ban-hang", "v-bac", "v-cham-soc"])
    for visitor in ("v-nam", "v-la"):
        await shop.waiting(visitor)
    await shop.people["binh"].go("online")

    assert owners == {"v-ban-hang": "an", "v-bac": "an", "v-cham-soc": "chi"}
    await shop.row("v-nam", is_owned_by("binh"))
    await shop.waiting("v-la")


async def test_r1_6_a_links_group_comes_first_and_others_when_it_is_away(shop: Shop) -> None:
    await shop.hire("an", "binh", "chi")
    await shop.assign_by("an", "binh", "chi")
    for group, member, path in (("giay", "binh", "/vn/giay"), ("nam", "chi", "/vn/giay/nam")):
        await shop.admin.put(f"/v1/groups/{group}", name=group, members=[member])
        url = f"https://shop.example{path}"
        await shop.admin.put(f"/v1/links/{group}", url=url, group=group)
    site = await shop.site()

    for visitor, url, agent in (
        ("v1", "https://Shop.example/vn/giay/ao?utm=/nam", "binh"),
        ("v2", "http://shop.example/vn/giay/#nam", "binh"),
        ("v3", "https://shop.example/vn/giay/nam/42", "chi"),
        ("v4", "https://shop.example/vn/giay-dep", "an"),
    ):
        await site.write(visitor, page_url=url)
        await shop.row(visitor, is_owned_by(agent))
    await shop.people["binh"].go("offline")
    await site.write("v5", page_url="https://shop.example/vn/giay")

    await shop.row("v5", is_owned_by("chi"))


async def test_r1_8_who_is_disabled_gets_nothing_until_they_are_enabled(shop: Shop) -> None:
    await shop.hire("an", "binh")
    await shop.assign_by("an", "binh")
    await shop.employ("an", disabled=True)
    await shop.facebook.comments("1_1", "1_2")
    assert set((await shop.owners(["1_1", "1_2"])).values()) == {"binh"}

    await shop.employ("an")
    await (await shop.log_in("an")).go("online")
    await shop.facebook.comments("1_3")

    await shop.row("1_3", is_owned_by("an"))
