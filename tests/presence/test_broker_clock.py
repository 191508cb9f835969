"""R8.1, R8.2: leases end by the broker's clock, whatever other clocks say."""

from datetime import timedelta

import pytest

from presence.rig import EXPIRED, LOGIN, ONLINE, START, Shop, expect_story, ready


async def test_r8_1_a_clock_that_was_set_back_ends_no_lease_early_and_none_twice(
    shop: Shop,
) -> None:
    async with shop.worker() as worker:
        await shop.say("lan", ONLINE)
        await expect_story(shop, "lan", [LOGIN])
        shop.advance(-3600)
        await shop.say("lan", None)
        shop.advance(3629)
        await shop.say("minh", ONLINE)
        await expect_story(shop, "minh", [LOGIN])
        assert await shop.story("lan") == [LOGIN]
        shop.advance(1)
        await expect_story(shop, "lan", [LOGIN, EXPIRED])
        shop.advance(-10)
        shop.advance(20)
        await shop.say("hoa", ONLINE)
        await expect_story(shop, "hoa", [LOGIN])
        await ready(worker)
    assert await shop.story("lan") == [LOGIN, EXPIRED]


@pytest.mark.parametrize("seconds", [-240, 240])
async def test_r8_2_clocks_that_jump_log_nobody_out_and_keep_nobody_online(
    shop: Shop, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuyen_presence.broker_clock._ASK_AGAIN_AFTER_S", 0.0)
    shop.gateways.advance(timedelta(seconds=-seconds))
    async with shop.worker():
        await shop.say("lan", ONLINE)
        await shop.say("minh", ONLINE)
        await expect_story(shop, "minh", [LOGIN])
        shop.workers.advance(timedelta(seconds=seconds))
        shop.advance(20)
        await shop.say("lan", None)
        shop.advance(10)
        await expect_story(shop, "minh", [LOGIN, EXPIRED])
        assert await shop.story("lan") == [LOGIN]
        shop.workers.advance(timedelta(seconds=-2 * seconds))
    async with shop.worker():
        shop.advance(19)
        await shop.say("hoa", ONLINE)
        await expect_story(shop, "hoa", [LOGIN])
        assert await shop.story("lan") == [LOGIN]
        shop.advance(1)
        await expect_story(shop, "lan", [LOGIN, EXPIRED])
    assert (await shop.changes("lan"))[-1].at == START + timedelta(seconds=50)
