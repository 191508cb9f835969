"""Evidence that breaks each law of replies: what is sound, spoilt in one place."""

from collections.abc import Callable
from dataclasses import replace

import msgspec

from faults import sound
from faults.evidence import Evidence
from faults.replying import Held
from faults.sound_replies import (
    COMMENT,
    COMMENTS,
    MESSAGES,
    call,
    echo,
    find_row,
    repeat,
    request,
    rewrite,
    row,
    settle,
)
from faults.spoiling import Spoil
from faults.stopping import Stop
from tuyen_events.outbound import OutboundAction, OutboundOutcome
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topics import INBOUND


def _calls(*calls: tuple[int, str, str | None], to: str | None = None) -> Spoil:
    """The channel was called in addition."""

    def spoil(e: Evidence) -> None:
        e.calls = sorted(
            [*e.calls, *(call(*each, to=to) for each in calls)], key=lambda each: each.seq
        )

    return spoil


def _without_call(text: str) -> Spoil:
    def spoil(e: Evidence) -> None:
        e.calls = [each for each in e.calls if each.text != text]

    return spoil


def _shows(name: str, **changed: object) -> Spoil:
    """The row of a reply is shown so."""

    def spoil(e: Evidence) -> None:
        find_row(e, name).update(changed)

    return spoil


def _unknown_was_called_twice(e: Evidence) -> None:
    _calls((9, "send", "r2"), (10, "send", "r2"))(e)


def _row_that_is_missing(e: Evidence) -> None:
    e.threads[MESSAGES].remove(find_row(e, "r1"))


def _row_in_two_threads(e: Evidence) -> None:
    e.threads[COMMENTS].append(dict(find_row(e, "r1")))


def _one_key_two_replies(e: Evidence) -> None:
    e.replies["r1"].messages.add("m_another")


def _called_out_of_order(e: Evidence) -> None:
    first, *rest = e.calls
    e.calls = [*rest, replace(first, seq=9)]


def _logged_out_of_order(e: Evidence) -> None:
    e.replies["r1"].asked_at = 9.0


def _echo_beside_its_reply(e: Evidence) -> None:
    alone = {**row("r1", MESSAGES, "sent"), "id": "m_echo", "client_id": None}
    e.threads[MESSAGES].append(alone)


def _echo_without_a_row(e: Evidence) -> None:
    sound.put(e, INBOUND, echo("r9"))


def _acts(*acts: OutboundAction, outcome: OutboundOutcome | None = None) -> Spoil:
    """These were requested of the comment as well, and came to this."""

    def spoil(e: Evidence) -> None:
        for act in acts:
            asked = request("later", COMMENTS, act)
            sound.put(e, OUTBOUND, asked)
            if outcome is not None:
                sound.put(e, OUTBOUND_RESULTS, settle(asked, outcome))

    return spoil


def _rewrites(action: OutboundAction, outcome: OutboundOutcome | None) -> Spoil:
    """This was requested of the edited comment as well, and came to this."""

    def spoil(e: Evidence) -> None:
        asked = rewrite("r8", action, "r8, another time")
        asked = msgspec.structs.replace(asked, request_id="req_later")
        sound.put(e, OUTBOUND, asked)
        if outcome is not None:
            sound.put(e, OUTBOUND_RESULTS, settle(asked, outcome))

    return spoil


def _retried_once_more_at_the_channel(e: Evidence) -> None:
    _calls((30, "send", "r7"))(e)


def _called_again_before_its_turn(e: Evidence) -> None:
    """A reply that failed is sent again, and comes before one that was accepted earlier."""
    asked = repeat(request("r3", MESSAGES, OutboundAction.SEND))
    sound.put(e, OUTBOUND, asked)
    sound.put(e, OUTBOUND_RESULTS, settle(asked, OutboundOutcome.DONE))
    _calls((3, "send", "r3"))(e)


def _picture_that_is_missing(e: Evidence) -> None:
    e.calls = [each for each in e.calls if not each.file]


def _comment_with_a_picture_of_nobody(e: Evidence) -> None:
    e.calls = [replace(each, file=True) if each.text == "r5" else each for each in e.calls]


def _comment_shown_hidden(e: Evidence) -> None:
    for each in e.threads[COMMENTS]:
        if each["id"] == COMMENT:
            each["hidden"] = True


def _done_last_at_the_channel(e: Evidence) -> None:
    _calls((9, "hide", None))(e)


def _holds(state: str) -> Spoil:
    def spoil(e: Evidence) -> None:
        e.held = [Held("r4", state)]

    return spoil


def _stops(change: Callable[[Stop], Stop]) -> Spoil:
    def spoil(e: Evidence) -> None:
        assert e.stop is not None
        e.stop = change(e.stop)

    return spoil


def _never_settled(e: Evidence) -> None:
    sound.put(e, OUTBOUND, request("r9", MESSAGES, OutboundAction.SEND))


SPOILT_REPLIES: dict[str, list[Spoil]] = {
    "a reply is sent once, or shown as unknown": [
        _calls((9, "send", "r1")),
        _calls((9, "comment", "r5")),
        _calls((9, "send", "r3")),
        _without_call("r1"),
        _unknown_was_called_twice,
        _row_that_is_missing,
        _row_in_two_threads,
        _one_key_two_replies,
        _shows("r1", state="failed"),
        _shows("r1", state="pending"),
        _shows("r1", state="removed"),
        _shows("r7", state="failed"),
        _retried_once_more_at_the_channel,
        _without_call("r7"),
        _without_call("r10"),
    ],
    "replies of a conversation are sent in their order": [
        _called_out_of_order,
        _called_again_before_its_turn,
        _logged_out_of_order,
    ],
    "every echo finds its reply": [
        _echo_beside_its_reply,
        _echo_without_a_row,
        _shows("r1", state="unknown"),
        _shows("r4", text="r1"),
        _shows("r6", state="failed"),
        _shows("r8", state="pending"),
    ],
    "a failed reply has the channel's reason": [
        _shows("r3", error=None),
        _shows("r3", error={"code": "no such word", "text": {"vi": "551", "en": "551"}}),
        _shows("r3", error={"code": "unavailable", "text": {"vi": "551", "en": ""}}),
        _shows("r3", error={"code": "unavailable", "text": {"vi": "503", "en": "503"}}),
        _shows("r3", error={"code": "token_dead", "text": {"vi": "551", "en": "551"}}),
        _shows("r2", error=None),
        _shows("r1", problem={"code": "refused"}),
        _without_call("r3"),
    ],
    "what is done to a comment is done at the channel": [
        _acts(OutboundAction.LIKE),
        _acts(OutboundAction.HIDE, outcome=OutboundOutcome.FAILED),
        _acts(OutboundAction.HIDE, outcome=OutboundOutcome.DONE),
        _comment_shown_hidden,
        _done_last_at_the_channel,
    ],
    "an edited comment is edited, and a deleted one gone": [
        _rewrites(OutboundAction.EDIT, None),
        _rewrites(OutboundAction.EDIT, OutboundOutcome.FAILED),
        _rewrites(OutboundAction.EDIT, OutboundOutcome.DONE),
        _rewrites(OutboundAction.DELETE, OutboundOutcome.DONE),
        _calls((30, "edit", "something else"), to="mid_r8"),
        _shows("r8", text="r8"),
        _shows("r8", state="removed"),
        _shows("r10", state="sent"),
        _shows("r10", text="r10"),
    ],
    "a reply's picture goes out with it": [
        _picture_that_is_missing,
        _calls((30, "send", None)),
        _comment_with_a_picture_of_nobody,
    ],
    "a stopped page keeps its replies until it is connected": [
        _holds("sent"),
        _stops(lambda stop: replace(stop, waiting=["pending", "failed"])),
        _stops(lambda stop: replace(stop, waiting=["pending", "sent"])),
        _stops(lambda stop: replace(stop, problem=None)),
        _stops(lambda stop: replace(stop, afterwards=["sent", "pending"])),
    ],
    "a stopped page holds up no other": [
        _stops(lambda stop: replace(stop, others={"an-2": "sent", "an-zalo": "pending"})),
    ],
    "no reply waits without a reason": [
        _shows("r5", state="pending"),
        _never_settled,
    ],
}
