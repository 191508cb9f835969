"""R1.1 through HTTP alone: which rule decides."""

from support.shop import Shop, is_owned_by


async def test_r1_1_a_rule_that_names_the_page_then_the_default_then_the_smallest_id(
    shop: Shop,
) -> None:
    await shop.hire("an", "binh", "chi")
    pages = {"trang": shop.facebook, "hai": await shop.another_page("hai")}
    await shop.rule("m-dat-ten", "an", pages=["trang"])
    await shop.assign_by("binh")
    asked: list[str] = []

    async def ask(page_id: str, agent: str, rule: str) -> None:
        asked.append(page_id)
        comment = f"1_{len(asked)}"
        await pages[page_id].comments(comment)
        row = await shop.row(comment, is_owned_by(agent))
        assert (await shop.history(row["id"]))[0]["rule_id"] == rule

    await ask("trang", "an", "m-dat-ten")
    await ask("hai", "binh", "quay-vong")
    await shop.rule("m-dat-ten", "an", pages=["hai"])  # the page moves
    await ask("trang", "binh", "quay-vong")
    await ask("hai", "an", "m-dat-ten")
    await shop.rule("a-moi", "chi", pages=["hai"], enabled=False)
    await ask("hai", "an", "m-dat-ten")
    await shop.rule("a-moi", "chi", pages=["hai"])
    await ask("hai", "chi", "a-moi")
    await shop.rule("b-mac-dinh", "chi")
    await ask("trang", "chi", "b-mac-dinh")
    await shop.admin.delete("/v1/rules/a-moi")
    await ask("hai", "an", "m-dat-ten")


async def test_r1_1_a_rule_without_members_takes_the_support_team_and_then_all_agents(
    shop: Shop,
) -> None:
    await shop.hire("an", "binh", "chi")
    await shop.hire("quan", role="sales_manager")
    await shop.admin.put("/v1/support-team", agent_ids=["chi", "binh"])
    await shop.assign_by()

    await shop.facebook.comments("1_1", "1_2", "1_3", "1_4")

    owners = await shop.owners(["1_1", "1_2", "1_3", "1_4"])
    assert list(owners.values()) == ["chi", "binh", "an", "chi"]
