import asyncio

import pytest

from gateway.live.shop import agent, shop
from gateway.live.twins import DirectoryTwin, Twins
from tuyen_gateway.domain.live import LivePosition
from tuyen_gateway.live import stream as stream_module
from tuyen_gateway.live.stream import LiveStream


@pytest.fixture
async def stream() -> LiveStream:
    twins = Twins(DirectoryTwin(shop(agent("lan"))))
    after = LivePosition(inbox=None, presence=b"", jobs=b"", setup=b"")
    opened = LiveStream(twins.watch("lan"), twins.recheck("lan"), after, 0.0)
    opened.build_reset = lambda: b"reset"
    assert await opened.take() == b": open\n\n"
    return opened


async def test_what_waits_is_taken_together_and_in_order(stream: LiveStream) -> None:
    for event in (b"a", b"b"):
        stream.send(event)
    assert await stream.take() == b"ab"
    taking = asyncio.create_task(stream.take())
    await asyncio.sleep(0)
    stream.send(b"c")
    assert await taking == b"c"


async def test_r9_6_what_waits_for_a_slow_reader_is_bounded(
    stream: LiveStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "STREAM_BYTES", 10)
    for _ in range(1_000):
        stream.send(b"abc")
    assert stream._bytes <= 10
    assert not stream._waiting
    assert await stream.take() == b"reset"
    stream.send(b"d")
    assert await stream.take() == b"d"


async def test_r9_6_a_reader_takes_a_limited_part_at_once(
    stream: LiveStream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a slow reader has no copy of everything that waits for it."""
    monkeypatch.setattr(stream_module, "_PART_BYTES", 4)
    for event in (b"abc", b"def", b"ghi"):
        stream.send(event)
    stream.end()
    assert [await stream.take() for _ in range(3)] == [b"abcdef", b"ghi", b""]
    assert stream._bytes == 0


async def test_what_was_sent_before_the_end_is_still_taken(stream: LiveStream) -> None:
    stream.send(b"a")
    stream.end()
    stream.send(b"b")
    assert await stream.take() == b"a"
    assert await stream.take() == b""


async def test_an_end_wakes_the_reader(stream: LiveStream) -> None:
    taking = asyncio.create_task(stream.take())
    await asyncio.sleep(0)
    stream.end()
    assert await taking == b""


async def test_a_heartbeat_is_sent_only_while_nothing_waits(stream: LiveStream) -> None:
    stream.send(b"a")
    stream.send_heartbeat(1.0)
    assert await stream.take() == b"a"
    stream.send_heartbeat(2.0)
    assert (await stream.take()).startswith(b":")
    assert stream.beaten_at == 2.0
