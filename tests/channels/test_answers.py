"""P5: what is made of a call without an answer, and of an answer that is not the channel's."""

import pytest

from channels.calling import ScriptedTransport, answer
from tuyen_channels.answers import judge_status, send_call
from tuyen_channels.calls import ChannelRefusal, Pause, PauseScope, RefusalKind
from tuyen_channels.refusals import TEXTS
from tuyen_channels.transport import AnswerLostError, ForbiddenAddressError, HttpCall, NotSentError

CALL = HttpCall(method="POST", url="https://channel.test/messages")
PAUSE = Pause(PauseScope.APP, 60)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (NotSentError(), RefusalKind.UNREACHABLE),
        (ForbiddenAddressError(), RefusalKind.UNREACHABLE),
        (AnswerLostError(), RefusalKind.LOST),
    ],
)
async def test_p5_only_a_call_that_was_not_sent_certainly_did_nothing(
    error: Exception, kind: RefusalKind
) -> None:
    refusal = await send_call(ScriptedTransport(error), CALL)
    assert isinstance(refusal, ChannelRefusal)
    assert (refusal.kind, refusal.code in TEXTS) == (kind, True)


async def test_an_answer_is_returned_whatever_its_status() -> None:
    given = answer({"error": {}}, 500)
    assert await send_call(ScriptedTransport(given), CALL) == given


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, RefusalKind.LOST),
        (302, RefusalKind.PERMANENT),
        (404, RefusalKind.PERMANENT),
        (429, RefusalKind.THROTTLED),
        (500, RefusalKind.TRANSIENT),
        (502, RefusalKind.LOST),
        (503, RefusalKind.TRANSIENT),
        (504, RefusalKind.LOST),
    ],
)
def test_p5_an_answer_of_somebody_else_is_judged_by_its_status(
    status: int, kind: RefusalKind
) -> None:
    refusal = judge_status(status, "Channel", PAUSE)
    assert (refusal.kind, refusal.detail) == (kind, f"Channel, HTTP {status}")
    assert refusal.pause == (PAUSE if kind is RefusalKind.THROTTLED else None)
    assert refusal.code in TEXTS
