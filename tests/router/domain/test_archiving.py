"""R9.6: which conversations come to rest."""

from collections.abc import Iterator

import pytest

from router.domain.inputs import CUSTOMER, PAGE, A, at
from support.organizations import SHOP
from tuyen_events.ids import ConversationId, EventId
from tuyen_events.routing import Purpose
from tuyen_events.vocabulary import Channel, ConversationKind, Reason
from tuyen_router.domain import archiving
from tuyen_router.domain.archiving import archive_threads_of
from tuyen_router.domain.customer_records import ConversationState, Request
from tuyen_router.domain.customer_state import CustomerState

Conversation = tuple[ConversationId, ConversationKind]


class _Counted(tuple[Conversation, ...]):
    """Conversations of which it is counted how often they were read."""

    readings = 0

    def __iter__(self) -> Iterator[Conversation]:
        _Counted.readings += 1
        return super().__iter__()


def test_r9_5_who_waits_on_a_great_many_livestreams_is_looked_through_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And not once for each of them, at each event of that customer."""
    monkeypatch.setattr(archiving, "MOST_LIVES", 5)
    _Counted.readings, state = 0, CustomerState(3)
    lives = [ConversationId(f"live_{number}") for number in range(50)]
    for each in lives:
        state.conversations[each] = ConversationState(
            SHOP, 1, A, Reason.ROTATION, None, 0, -1, 0, None
        )
    customer = state.add_customer(CUSTOMER)
    customer.livestream_threads = tuple(lives)
    customer.open_request = Request(
        id="inbound/3/0",
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        conversations=_Counted((each, ConversationKind.LIVESTREAM) for each in lives),
        purpose=Purpose.STICKY_LOST,
        seed=EventId("evt"),
        cause=at("inbound", 0),
    )
    assert archive_threads_of(state, CUSTOMER, 200_000) is None
    assert _Counted.readings == 1
    assert customer.livestream_threads == tuple(lives)
