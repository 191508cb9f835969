"""What Zalo's errors and rate headers mean.

Errors come with status 200: the body's `error` decides.
"""

import re
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import NamedTuple

import msgspec

from tuyen_channels.answers import DECODING_ERRORS, judge_status
from tuyen_channels.calls import ChannelRefusal, Pause, PauseScope, RefusalKind
from tuyen_channels.transport import HttpAnswer


class ZaloError(msgspec.Struct, frozen=True):
    """What each answer begins with; 0 is no error."""

    error: int | None = None
    message: str | None = None


class _Meaning(NamedTuple):
    kind: RefusalKind
    code: str


_MINUTE_S = 60.0
_UNTIL_NEXT_MINUTE = Pause(PauseScope.APP, _MINUTE_S)
_DEAD = _Meaning(RefusalKind.DEAD_TOKEN, "token_dead")
_TRANSIENT = _Meaning(RefusalKind.TRANSIENT, "channel_unavailable")
_STOPPED = _Meaning(RefusalKind.PAGE_STOPPED, "misconfigured")
_REFUSED = _Meaning(RefusalKind.PERMANENT, "refused")
_UNAVAILABLE = _Meaning(RefusalKind.PERMANENT, "unavailable")

_MEANINGS: Mapping[int, _Meaning] = {
    -216: _DEAD,
    -220: _DEAD,
    -124: _DEAD,
    -200: _TRANSIENT,
    -100: _Meaning(RefusalKind.UPLOAD_EXPIRED, "file_missing"),
    -211: _Meaning(RefusalKind.PERMANENT, "quota_exhausted"),
    -218: _Meaning(RefusalKind.PERMANENT, "quota_exhausted"),
    -230: _Meaning(RefusalKind.PERMANENT, "outside_window"),
    -232: _Meaning(RefusalKind.PERMANENT, "outside_window"),
    -234: _Meaning(RefusalKind.PERMANENT, "at_night"),
    -213: _Meaning(RefusalKind.PERMANENT, "not_receiving"),
    -217: _UNAVAILABLE,
    -227: _UNAVAILABLE,
    -244: _Meaning(RefusalKind.PERMANENT, "not_receiving"),
    -201: _REFUSED,
    -210: _REFUSED,
    -233: _REFUSED,
    -248: _Meaning(RefusalKind.PERMANENT, "content_refused"),
    **dict.fromkeys(
        (-204, -205, -209, -212, -219, -221, -223, -224, -235, -240, -242, -320, -321), _STOPPED
    ),
}
RATE_LIMITED = -32
SEND_FAILED = -200
_names_app = re.compile(r"\bapp(lication)?\b", re.IGNORECASE).search
"""The app and a single account have the same code when they reach their limits."""
_names_token = re.compile(r"access.?token", re.IGNORECASE).search
"""Some answers use a code of another meaning for a token that is not valid."""


def find_zalo_refusal(answer: HttpAnswer) -> ChannelRefusal | None:
    """Why the call was not carried out; None if it was."""
    try:
        found = _error_of(answer.body)
    except DECODING_ERRORS:
        return _judge_status(answer.status)
    if found.error:
        return judge_zalo_error(found.error, found.message or "")
    if found.error is None or answer.status >= HTTPStatus.MULTIPLE_CHOICES:
        return _judge_status(answer.status)
    return None


def judge_zalo_error(code: int, message: str) -> ChannelRefusal:
    """The meaning of an error that is not 0."""
    detail = f"Zalo {code}"
    if code == RATE_LIMITED:
        # One account's limit must not stop the others (R9.5).
        scope = PauseScope.APP if _names_app(message) else PauseScope.PAGE
        return ChannelRefusal(RefusalKind.THROTTLED, "throttled", detail, Pause(scope, _MINUTE_S))
    if _names_token(message):
        return ChannelRefusal(*_DEAD, detail)
    return ChannelRefusal(*_MEANINGS.get(code, _REFUSED), detail)


def find_zalo_pause(headers: Mapping[str, str]) -> Pause | None:
    """A pause until the next minute, if this was the last call that the app may make in this
    one."""
    if headers.get("x-ratelimit-remain", "").strip() == "0":
        return _UNTIL_NEXT_MINUTE
    return None


_judge_status = partial(judge_status, channel="Zalo", throttled=_UNTIL_NEXT_MINUTE)
_error_of = msgspec.json.Decoder(ZaloError, strict=False).decode
