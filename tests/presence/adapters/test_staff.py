"""R9.6: of an agent who was removed, presence keeps no record."""

from presence.rig import (
    AWAY,
    EXPIRED,
    LOGIN,
    LOGOUT,
    OFFLINE,
    ONLINE,
    Shop,
    expect_story,
    ready,
    until,
)
from tuyen_events.vocabulary import PresenceCause


async def test_r9_6_who_was_removed_leaves_no_record_once_their_last_session_is_over(
    shop: Shop,
) -> None:
    async def is_removed() -> bool:
        return await shop.removals() == ["hoa-sen/lan"]

    async with shop.worker() as service:
        await shop.say("lan", ONLINE)
        await expect_story(shop, "lan", [LOGIN])
        await shop.dismiss("lan")
        await shop.say("minh", ONLINE)
        await expect_story(shop, "minh", [LOGIN])
        assert await shop.removals() == []
        shop.advance(30)
        await until(is_removed)
        await shop.say("lan", None)
        await shop.say("minh", OFFLINE)
        await ready(service)
    assert await shop.story("lan") == [LOGIN, EXPIRED]
    async with shop.worker() as service:
        await ready(service)
        await shop.hire("lan")
        await shop.say("lan", AWAY)
        await expect_story(shop, "lan", [LOGIN, EXPIRED, (AWAY, PresenceCause.LOGIN)])
    assert await is_removed()
    assert (await shop.changes("lan"))[-1].version == 1


async def test_r9_6_who_was_removed_while_nobody_worked_leaves_no_record_either(
    shop: Shop,
) -> None:
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await expect_story(shop, "lan", [LOGIN])
        await shop.say("lan", OFFLINE)
        await expect_story(shop, "lan", [LOGIN, LOGOUT])
    await shop.dismiss("lan")

    async def is_removed() -> bool:
        return await shop.removals() == ["hoa-sen/lan"]

    async with shop.worker():
        await until(is_removed)
