"""What connectors do alike with a call and its answer, whatever the channel."""

from http import HTTPStatus

import msgspec

from tuyen_channels.calls import ChannelRefusal, Pause, RefusalKind
from tuyen_channels.transport import AnswerLostError, HttpAnswer, HttpCall, NotSentError, Transport

DECODING_ERRORS = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What is raised when an answer is decoded that is not the JSON of its channel."""


async def send_call(transport: Transport, call: HttpCall) -> HttpAnswer | ChannelRefusal:
    """The answer to a call, whatever it says; a refusal if there is none."""
    try:
        return await transport.send(call)
    except NotSentError:
        return ChannelRefusal(RefusalKind.UNREACHABLE, "channel_unavailable")
    except AnswerLostError:
        return ChannelRefusal(RefusalKind.LOST, "answer_lost")


def judge_status(status: int, channel: str, throttled: Pause) -> ChannelRefusal:
    """The meaning of an answer that is not the channel's JSON: of a proxy, or cut off. `throttled`
    is the pause after the status 429."""
    detail = f"{channel}, HTTP {status}"
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return ChannelRefusal(RefusalKind.THROTTLED, "throttled", detail, throttled)
        case HTTPStatus.BAD_GATEWAY | HTTPStatus.GATEWAY_TIMEOUT:
            kind, code = RefusalKind.LOST, "answer_lost"  # the server behind may have done it
        case _ if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            kind, code = RefusalKind.TRANSIENT, "channel_unavailable"
        case _ if status >= HTTPStatus.MULTIPLE_CHOICES:
            kind, code = RefusalKind.PERMANENT, "refused"
        case _:
            kind, code = RefusalKind.LOST, "answer_lost"
    return ChannelRefusal(kind, code, detail)
