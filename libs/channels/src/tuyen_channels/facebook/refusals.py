"""What Facebook's errors and usage headers mean.

An error is judged by its code: the status is mostly 400 whatever happened.
"""

import math
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import NamedTuple

import msgspec

from tuyen_channels.answers import DECODING_ERRORS, judge_status
from tuyen_channels.calls import ChannelRefusal, Pause, PauseScope, RefusalKind
from tuyen_channels.transport import HttpAnswer


class GraphError(msgspec.Struct, frozen=True):
    """The content of `error` in an answer. Only the code has always been there."""

    code: int | None = None
    error_subcode: int | None = None
    is_transient: bool | None = None
    message: str | None = None


class _Body(msgspec.Struct, frozen=True):
    error: GraphError | None = None


class _Usage(msgspec.Struct, frozen=True):
    estimated_time_to_regain_access: float = 0.0


class _Meaning(NamedTuple):
    kind: RefusalKind
    code: str


THREAD_TAKEN = "thread_taken"
"""Another app has the customer's thread: ours gets its messages as `standby`."""

_TRANSIENT = _Meaning(RefusalKind.TRANSIENT, "channel_unavailable")

_BY_SUBCODE: Mapping[tuple[int, int], _Meaning] = {
    (2, 2018344): _Meaning(RefusalKind.PAGE_STOPPED, "terms_not_accepted"),
    (10, 2018278): _Meaning(RefusalKind.PERMANENT, "outside_window"),
    (10, 2534022): _Meaning(RefusalKind.PERMANENT, "outside_window"),
    (10, 2018065): _Meaning(RefusalKind.PERMANENT, "outside_window"),
    (10, 2018108): _Meaning(RefusalKind.PERMANENT, "not_receiving"),
    (10, 2018300): _Meaning(RefusalKind.PERMANENT, THREAD_TAKEN),
    (551, 1545041): _Meaning(RefusalKind.PERMANENT, "unavailable"),
    (200, 1545041): _Meaning(RefusalKind.PERMANENT, "unavailable"),
    (100, 2018001): _Meaning(RefusalKind.PERMANENT, "no_such_recipient"),
    (100, 2018292): _Meaning(RefusalKind.PERMANENT, "no_such_comment"),
    (100, 2018047): _Meaning(RefusalKind.PERMANENT, "file_refused"),
    (100, 33): _Meaning(RefusalKind.PERMANENT, "gone"),
}
_BY_CODE: Mapping[int, _Meaning] = {
    1: _TRANSIENT,
    2: _TRANSIENT,
    1200: _TRANSIENT,
    3: _Meaning(RefusalKind.PAGE_STOPPED, "no_permission"),
    10: _Meaning(RefusalKind.PAGE_STOPPED, "no_permission"),
    100: _Meaning(RefusalKind.PERMANENT, "refused"),
    102: _Meaning(RefusalKind.DEAD_TOKEN, "token_dead"),
    190: _Meaning(RefusalKind.DEAD_TOKEN, "token_dead"),
    368: _Meaning(RefusalKind.PAGE_STOPPED, "blocked_by_policy"),
    506: _Meaning(RefusalKind.PERMANENT, "duplicate"),
    551: _Meaning(RefusalKind.PERMANENT, "unavailable"),
    10900: _Meaning(RefusalKind.PERMANENT, "already_replied"),
    10902: _Meaning(RefusalKind.PERMANENT, "not_replyable"),
}
_PERMISSIONS = range(200, 300)
_PARAMETER = 100
_THROTTLING: Mapping[int, PauseScope] = {
    4: PauseScope.APP,
    17: PauseScope.PAGE,
    32: PauseScope.PAGE,
    341: PauseScope.APP,
    613: PauseScope.PAGE,
    **dict.fromkeys(range(80000, 80015), PauseScope.PAGE),
}
_MISSING = "does not exist"

_BUSY_PERCENT, _FULL_PERCENT = 90, 100
_BUSY_S, _FULL_S = 10.0, 300.0
_LONGEST_S = 24 * 3600.0


def find_graph_refusal(answer: HttpAnswer) -> ChannelRefusal | None:
    """Why the call was not carried out; None if it was."""
    try:
        error = _body_of(answer.body).error
    except DECODING_ERRORS:
        return _judge_status(answer.status)
    if error is not None:
        return judge_graph_error(error, answer.headers)
    return None if answer.status < HTTPStatus.MULTIPLE_CHOICES else _judge_status(answer.status)


def judge_graph_error(error: GraphError, headers: Mapping[str, str]) -> ChannelRefusal:
    """The meaning of an error, with the pause that the answer's headers ask for."""
    code = error.code or 0
    detail = f"Facebook {code}"
    if error.error_subcode:
        detail += f"/{error.error_subcode}"
    scope = _THROTTLING.get(code)
    if scope is not None:
        pause = find_graph_pause(headers)
        if pause is None or pause.scope is not scope:
            pause = Pause(scope, None if pause is None else pause.seconds)
        return ChannelRefusal(RefusalKind.THROTTLED, "throttled", detail, pause)
    meaning = _mean(error)
    return ChannelRefusal(meaning.kind, meaning.code, detail, find_graph_pause(headers))


def _mean(error: GraphError) -> _Meaning:
    code = error.code or 0
    found = _BY_SUBCODE.get((code, error.error_subcode or 0))
    if found is not None:
        return found
    if error.is_transient:
        return _TRANSIENT
    if code == _PARAMETER and _MISSING in (error.message or "").lower():
        return _BY_SUBCODE[100, 33]
    if code in _PERMISSIONS:
        return _Meaning(RefusalKind.PAGE_STOPPED, "no_permission")
    return _BY_CODE.get(code, _Meaning(RefusalKind.PERMANENT, "refused"))


def find_graph_pause(headers: Mapping[str, str]) -> Pause | None:
    """The pause that the usage headers ask for: until a page may be used again, or because the app
    has almost used up its calls."""
    blocked_s = 60 * _minutes_until_access(headers.get("x-business-use-case-usage", ""))
    if blocked_s > 0:
        return Pause(PauseScope.PAGE, min(blocked_s, _LONGEST_S))
    used = _highest_share(headers.get("x-app-usage", ""))
    if used >= _BUSY_PERCENT:
        return Pause(PauseScope.APP, _FULL_S if used >= _FULL_PERCENT else _BUSY_S)
    return None


def _minutes_until_access(header: str) -> float:
    try:
        by_account = _usages_of(header)
    except DECODING_ERRORS:
        return 0.0
    minutes = [
        usage.estimated_time_to_regain_access for usages in by_account.values() for usage in usages
    ]
    return max((each for each in minutes if math.isfinite(each)), default=0.0)


def _highest_share(header: str) -> float:
    try:
        shares = _shares_of(header)
    except DECODING_ERRORS:
        return 0.0
    return max((share for share in shares.values() if isinstance(share, int | float)), default=0.0)


_judge_status = partial(judge_status, channel="Facebook", throttled=Pause(PauseScope.PAGE))
_body_of = msgspec.json.Decoder(_Body, strict=False).decode
_usages_of = msgspec.json.Decoder(dict[str, list[_Usage]]).decode
_shares_of = msgspec.json.Decoder(dict[str, object]).decode
