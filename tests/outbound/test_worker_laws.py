"""The law of sending, under histories, faults and crashes that hypothesis chooses."""

import asyncio
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outbound.asking import conversation, request
from outbound.crashing import Steps
from outbound.rig import (
    LOST,
    LOST_AND_NOT_DONE,
    TRANSIENT,
    TRANSIENT_AND_DONE,
    Answer,
    Process,
    World,
)
from tuyen_channels.calls import ChannelRefusal, RefusalKind
from tuyen_events.outbound import OutboundRequested

REFUSED = ChannelRefusal(RefusalKind.PERMANENT, "refused")
ANSWERS = st.sampled_from(
    [None, None, LOST, LOST_AND_NOT_DONE, TRANSIENT, TRANSIENT_AND_DONE, REFUSED]
)
CUSTOMERS = ("670", "671")


pytestmark = pytest.mark.usefixtures("impatient")


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.sampled_from(CUSTOMERS), ANSWERS), min_size=1, max_size=6),
    st.lists(st.integers(0, 80), max_size=3),
    st.booleans(),
)
def test_i6_each_is_sent_once_in_order_or_shown_as_unknown(
    history: list[tuple[str, Answer]], crashes: list[int], echoes: bool
) -> None:
    asyncio.run(_run(history, crashes, echoes=echoes))


async def _run(history: list[tuple[str, Answer]], crashes: list[int], *, echoes: bool) -> None:
    world = World()
    world.echoes = echoes
    requested = [request(str(n), customer=customer) for n, (customer, _) in enumerate(history)]
    for number, (_, answer) in enumerate(history):
        if answer is not None:
            is_shown = echoes or answer != TRANSIENT_AND_DONE  # if not, it would be sent twice
            world.answers[str(number)] = [answer if is_shown else LOST]
    await world.ask(*requested)
    for count in crashes:
        async with Process(world, Steps(count), settle_within_s=0.02) as process:
            await process.work(lambda: _all_settled(world, requested))
    async with Process(world, settle_within_s=0.02) as process:
        assert await process.work(lambda: _all_settled(world, requested))
    _require(await world.outcomes(), world.sent, history)


async def _all_settled(world: World, requested: list[OutboundRequested]) -> bool:
    return {each.request_id for each in requested} == (await world.outcomes()).keys()


def _require(
    outcomes: dict[str, list[str]],
    sent: list[tuple[str, str]],
    history: list[tuple[str, Answer]],
) -> None:
    by_thread = defaultdict[str, list[int]](list)
    for thread, text in sent:
        by_thread[thread].append(int(text))
    for customer in CUSTOMERS:
        made = by_thread[conversation(customer)]
        assert made == sorted(set(made))
    everything = {int(text) for _, text in sent}
    for number in range(len(history)):
        told = outcomes[f"req_{number}"][-1]
        if told == "done":
            assert number in everything
        elif told == "failed":
            assert number not in everything
        else:
            assert told == "unknown"
