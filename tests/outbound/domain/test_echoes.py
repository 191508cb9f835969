"""Which request an echo proves to be carried out."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from outbound.asking import MOMENT, PAGE, SHOP, comment, request
from outbound.rig import echo_of
from tuyen_events.ids import message_id
from tuyen_events.inbound import CommentAdded, MessageEchoed
from tuyen_events.outbound import OutboundAction
from tuyen_events.vocabulary import Channel
from tuyen_outbound.domain.echoes import find_proved_by_id, find_proved_by_text
from tuyen_outbound.domain.requests import StoredRequest

LATE = MOMENT + timedelta(minutes=10)


def stored(name: str = "1", **given: Any) -> StoredRequest:
    return StoredRequest(request=request(name, **given), offset=1)


def calling(name: str = "1", **given: Any) -> StoredRequest:
    return stored(name, **given).begin(MOMENT)


def echo(name: str = "1", mid: str = "mid", seconds: float = 1, **given: Any) -> MessageEchoed:
    moment = MOMENT + timedelta(seconds=seconds)
    made = echo_of(request(name), mid, name)
    return msgspec.structs.replace(made, occurred_at=moment, **given)


def text_of(each: StoredRequest) -> str | None:
    return each.request.text


def test_p5b_an_echo_with_our_id_proves_the_request() -> None:
    candidates = [calling("1"), calling("2")]
    assert find_proved_by_id(candidates, echo("1")) == candidates[:1]
    assert find_proved_by_id(candidates, echo("1", client_id=None)) == []


@pytest.mark.parametrize(
    ("candidate", "is_proved"),
    [
        (stored(), False),
        (stored(retries="req_0"), True),
        (calling().refuse(MOMENT, MOMENT), True),
        (calling().give_up(), True),
        (calling(action=OutboundAction.PRIVATE_REPLY), True),
        (calling(action=OutboundAction.HIDE), False),
    ],
)
def test_p5b_only_a_message_whose_call_may_have_been_made_is_proved(
    candidate: StoredRequest, is_proved: bool
) -> None:
    assert find_proved_by_id([candidate], echo()) == ([candidate] if is_proved else [])


def test_p5b_the_echo_of_an_earlier_part_proves_nothing() -> None:
    second = calling().finish_part("first").begin(MOMENT)
    assert find_proved_by_id([second], echo(mid="first")) == []
    assert find_proved_by_id([second], echo(mid="second")) == [second]


@pytest.mark.parametrize(
    ("made", "is_proved"),
    [
        (echo(), True),
        (echo(text=" 1\n"), True),
        (echo(text="2"), False),
        (echo(text=None), False),
        (echo(admin_id="77"), False),
        (echo(seconds=-299), True),
        (echo(seconds=-301), False),
    ],
)
def test_p5b_the_same_text_after_the_call_began_proves_it(
    made: MessageEchoed, is_proved: bool
) -> None:
    found = find_proved_by_text([stored("0"), calling()], made, text_of)
    assert found == (calling() if is_proved else None)


def test_p5b_an_echo_proves_a_call_that_was_given_up_long_after_it_began() -> None:
    """Every process was down in between: the channel's time is that of the call."""
    found_late = calling("1").give_up()
    assert find_proved_by_text([found_late], echo("1"), text_of) == found_late


@pytest.mark.parametrize(
    ("candidate", "is_proved"),
    [
        (calling().refuse(MOMENT, MOMENT, is_doubtful=True), True),
        (calling().refuse(MOMENT, MOMENT, is_doubtful=True).begin(LATE), True),
        (calling().refuse(MOMENT, MOMENT, is_doubtful=True).begin(LATE).return_to_waiting(), True),
        (calling().refuse(MOMENT, MOMENT), False),
        (calling().return_to_waiting(), False),
        (stored().refuse(MOMENT, MOMENT, is_doubtful=True), False),
    ],
)
def test_p5b_the_same_text_proves_a_call_that_was_answered_with_an_error(
    candidate: StoredRequest, is_proved: bool
) -> None:
    """Also long after it, and while a later call is under way; not one that was not made."""
    found = find_proved_by_text([candidate], echo(), text_of)
    assert found == (candidate if is_proved else None)


def test_p5b_an_echo_of_what_is_known_already_proves_nothing_else() -> None:
    done = calling().finish_part("mid")
    assert find_proved_by_text([done, calling()], echo(), text_of) is None


def test_p5b_the_pages_comment_proves_a_comment_and_no_message() -> None:
    made = CommentAdded(
        organization=SHOP,
        page_id=PAGE,
        channel=Channel.FACEBOOK,
        occurred_at=MOMENT,
        accepted_at=MOMENT,
        message_id=message_id(SHOP, PAGE, "333_2"),
        external_id="333_2",
        post_external_id="333",
        text="1",
    )
    reply = StoredRequest(request=comment(), offset=1).begin(MOMENT)
    assert find_proved_by_text([calling(), reply], made, text_of) == reply
    assert find_proved_by_text([calling()], made, text_of) is None
    assert find_proved_by_text([reply], echo(), text_of) is None
