"""What must hold of replies: at the channels, in the log, and as agents see them (I6, I8, P5, P5b).

No two replies of a history have the same text, so a call at a channel, an echo and a row of a
thread are known by their texts.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from faults.doubles import ChannelCall
from faults.evidence import Evidence
from faults.stopping import SENT
from faults.tenants import ACCOUNTS, Json
from tuyen_channels.refusals import TEXTS
from tuyen_events.inbound import CommentAdded, InboundEvent, MessageEchoed
from tuyen_events.outbound import (
    OutboundAction,
    OutboundOutcome,
    OutboundRequested,
    OutboundSettled,
)
from tuyen_events.outbound_topics import OUTBOUND, OUTBOUND_RESULTS
from tuyen_events.topics import INBOUND
from tuyen_events.vocabulary import Channel

_MAKING = frozenset(action.value for action in OutboundAction if action.makes_message)
_SWITCHES = (
    (OutboundAction.HIDE, OutboundAction.UNHIDE, "hidden"),
    (OutboundAction.LIKE, OutboundAction.UNLIKE, "liked"),
)
_REWRITES = (OutboundAction.EDIT, OutboundAction.DELETE)
_REST_NOT_SENT = "channel_unavailable"
"""Why a reply of several messages failed, of which the first one turned out to be sent."""
_Echo = MessageEchoed | CommentAdded
_NOT_WHOLE = {OutboundOutcome.FAILED, OutboundOutcome.UNKNOWN}
_FOR_A_PERSON = frozenset({"token_dead", "no_permission", "blocked_by_policy"})
"""Why a page stops, which fails no reply."""


def sent_once_or_unknown(evidence: Evidence) -> Iterator[str | None]:
    """I6, P5: every reply in the log is in one thread, once; who says that it is sent called the
    channel once, and who says that it failed, never. A lost call may be shown as unknown, wherever
    nobody could tell: it was carried out at most once. Whoever sends such a reply again may send it
    twice, once for each request. One key is one reply."""
    rows, calls, deleted = _rows_by_id(evidence), _carried_out(evidence), _find_deleted(evidence)
    for message, attempts in _list_attempts(evidence).items():
        first, found = attempts[0].request, rows[message]
        times = len(calls[first.text or ""])
        what = f"{first.text!r} ({first.action}, {message})"
        if len(found) != 1:
            yield f"{what} is in {len(found)} places"
            continue
        state = found[0]["state"]
        least, most = _count_calls(state, attempts, is_deleted=message in deleted)
        fine = least <= times <= most
        yield None if fine else f"{what} is {state} and was called {times} times"
    for reply in evidence.replies.values():
        several = len(reply.messages) > 1
        yield f"{reply.text!r} became {sorted(reply.messages)}" if several else None


def _count_calls(
    state: str, attempts: Sequence["_Attempt"], *, is_deleted: bool
) -> tuple[int, int]:
    """How often the channel may have carried out a reply that is shown so: least and most."""
    outcomes = Counter(each.outcome for each in attempts)
    unknown, done = outcomes[OutboundOutcome.UNKNOWN], outcomes[OutboundOutcome.DONE]
    # Of a reply of several messages that failed, the first ones may have been sent.
    unknown += outcomes[OutboundOutcome.FAILED] if _has_parts(attempts[0].request) else 0
    if state in SENT or (state == "removed" and is_deleted):
        return 1, max(1, done + unknown)
    return (0, unknown) if state in ("unknown", "failed", "pending") else (1, 0)


def sent_in_order(evidence: Evidence) -> Iterator[str | None]:
    """I6: the channel was called for the replies of a conversation in the order in which they
    were accepted. One that was accepted before another was asked for comes before it. One that was
    sent again has its place by the request that may have been carried out, if that is one."""
    calls, attempts = _carried_out(evidence), _list_attempts(evidence)
    threads: dict[str, list[OutboundRequested]] = defaultdict(list)
    for request in _replies(evidence):
        threads[request.conversation_id].append(request)
    for conversation, requests in threads.items():
        placed = [each for each in requests if _has_one_place(each, attempts[each.message_id])]
        texts = [each.text or "" for each in placed]
        made = [calls[text][0].seq for text in texts if calls[text]]
        yield None if made == sorted(made) else f"{conversation}: {texts} were called as {made}"
        firsts = [each.text or "" for each in requests if each.retries is None]
        yield _find_overtaken(evidence, firsts)


def _has_one_place(request: OutboundRequested, attempts: Sequence["_Attempt"]) -> bool:
    """Whether its calls were made for this request, and for no other one of its reply."""
    if len(attempts) == 1:
        return True
    others = [each.outcome for each in attempts if each.request.request_id != request.request_id]
    return not _has_parts(request) and set(others) == {OutboundOutcome.FAILED}


def _find_overtaken(evidence: Evidence, texts: Sequence[str]) -> str | None:
    """A reply that is in the log before one that was accepted before it was asked for."""
    asked = [evidence.replies[text] for text in texts if text in evidence.replies]
    for place, reply in enumerate(asked):
        for later in asked[place + 1 :]:
            if later.accepted_at is not None and later.accepted_at < reply.asked_at:
                return f"{later.text!r} was accepted before {reply.text!r}, and is after it"
    return None


def echoes_find_their_replies(evidence: Evidence) -> Iterator[str | None]:
    """P5b: what a page says is in its thread once, as the reply that it is, and that reply is
    sent. A reply may be several messages at the channel: of one that failed, some may be sent."""
    replies: dict[str, dict[str, Json]] = defaultdict(dict)
    by_key: dict[str, Json] = {}
    rows = _rows_by_id(evidence)
    for thread in evidence.threads.values():
        for row in thread:
            if row["direction"] == "out":
                replies[str(row["external_id"])][row["id"]] = row
                known = row.get("client_id") is not None
                yield None if known else f"{row['text']!r} is a row of its own: {row['id']}"
                by_key[row.get("client_id") or ""] = row
    for _, settled in evidence.log.events(OUTBOUND_RESULTS, OutboundSettled):
        for external_id in settled.external_ids if settled.action.makes_message else ():
            replies[external_id] |= {row["id"]: row for row in rows[settled.message_id]}
    changed = {each.message_id for each in _list_requests(evidence) if each.action in _REWRITES}
    in_part = {
        message
        for message, attempts in _list_attempts(evidence).items()
        if _has_parts(attempts[0].request) and {each.outcome for each in attempts} & _NOT_WHOLE
    }
    for echo in _list_echoes(evidence):
        found = replies[echo.external_id]
        key = echo.client_id if isinstance(echo, MessageEchoed) else None
        if key is not None and key in by_key:
            found |= {by_key[key]["id"]: by_key[key]}
        shown = [(row["text"], row["state"]) for row in found.values()]
        fine = len(found) == 1 and all(_shows(x, echo, changed, in_part) for x in found.values())
        yield None if fine else f"the echo {echo.external_id} ({echo.text!r}) is shown as {shown}"


def _list_echoes(evidence: Evidence) -> Iterator[_Echo]:
    found: dict[str, _Echo] = {}
    for _, event in evidence.log.events(INBOUND, InboundEvent):
        if isinstance(event, MessageEchoed) or (
            isinstance(event, CommentAdded) and event.customer is None
        ):
            found[event.external_id] = event
    yield from found.values()


def _shows(row: Json, echo: _Echo, changed: Collection[str], in_part: Collection[str]) -> bool:
    """Whether a row is the reply that a channel echoed. A picture's echo has no text."""
    if row["id"] in changed:
        return row["state"] in {*SENT, "removed"}
    states = {*SENT, "failed", "unknown"} if row["id"] in in_part else SENT
    return row["state"] in states and echo.text in (row["text"], None)


def failures_say_why(evidence: Evidence) -> Iterator[str | None]:
    """I6: a reply that failed has the channel's own reason, and an unknown one says that it is; so
    do actions on comments. A page that stops fails nothing."""
    refused, files = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for call in evidence.calls:
        if call.error is not None:
            (files[call.to or ""] if call.text is None else refused[call.text]).append(call.error)
    attempts = _list_attempts(evidence)
    for thread in evidence.threads.values():
        for row in thread:
            if row["state"] == "failed":
                reasons = refused[row["text"]][-1:]
                if row["id"] in attempts and _has_parts(first := attempts[row["id"]][0].request):
                    reasons += [*files[first.customer_external_id], _REST_NOT_SENT]
                yield _judge_reason(row, row.get("error"), reasons)
            elif row["state"] == "unknown":
                code = (row.get("error") or {}).get("code")
                yield None if code == "answer_lost" else f"{row['text']!r} is unknown by {code}"
            if row.get("problem") is not None:
                yield f"{row['id']} has a problem: {row['problem']}"
    yield None


def _judge_reason(row: Json, error: Json | None, reasons: Sequence[str]) -> str | None:
    what = f"{row['text']!r} failed"
    if error is None or error["code"] not in TEXTS or not all(error["text"].values()):
        return f"{what}, and says {error}"
    if error["code"] in _FOR_A_PERSON:
        return f"{what}, because its page stopped"
    said = [*error["text"].values()]
    known = any(all(reason in text for text in said) for reason in reasons)
    if known or (error["code"] == _REST_NOT_SENT and _REST_NOT_SENT in reasons):
        return None
    return f"{what} with {error}, and the channel said {reasons}"


def actions_are_done(evidence: Evidence) -> Iterator[str | None]:
    """I8: what was requested last of a comment is what the channel did last, and what is shown."""
    rows = _rows_by_id(evidence)
    outcomes = _find_outcomes(evidence)
    for on, off, shown in _SWITCHES:
        requested: dict[str, list[OutboundRequested]] = defaultdict(list)
        for request in _list_requests(evidence):
            if request.action in (on, off):
                requested[request.message_id].append(request)
        for comment, requests in requested.items():
            done = [outcomes.get(each.request_id) for each in requests]
            if set(done) != {OutboundOutcome.DONE}:
                yield f"{[each.action for each in requests]} of {comment} came to {done}"
                continue
            target, last = requests[-1].target_external_id, requests[-1].action
            made = [
                call.action
                for call in evidence.calls
                if call.to == target and call.error is None and call.action in (on, off)
            ]
            if made[-1:] != [last.value]:
                yield f"{last} was requested last of {target}, and these were made: {made}"
                continue
            row = next(iter(rows[comment]), {})
            same = row.get(shown) == (last == on)
            yield None if same else f"{comment} is shown {shown}={row.get(shown)} after {last}"


def rewritten_comments_are_shown(evidence: Evidence) -> Iterator[str | None]:
    """I8: a comment of the page has the text of the last edit, at the channel and here; what was
    deleted is gone at both. What its channel refused was not done."""
    rows = _rows_by_id(evidence)
    outcomes = _find_outcomes(evidence)
    requested: dict[str, list[OutboundRequested]] = defaultdict(list)
    for request in _list_requests(evidence):
        if request.action in _REWRITES:
            requested[request.message_id].append(request)
    for comment, requests in requested.items():
        done = [outcomes.get(each.request_id) for each in requests]
        if set(done) != {OutboundOutcome.DONE}:
            yield f"{[each.action for each in requests]} of {comment} came to {done}"
            continue
        last, row = requests[-1], next(iter(rows[comment]), {})
        made = [
            (call.action, call.text)
            for call in evidence.calls
            if call.to == last.target_external_id and call.error is None
        ]
        wanted = (last.action.value, last.text if last.action == OutboundAction.EDIT else None)
        if [each for each in made if each[0] in _REWRITES][-1:] != [wanted]:
            yield f"{wanted} was requested last of {comment}, and these were made: {made}"
            continue
        is_gone = last.action == OutboundAction.DELETE
        fine = (row.get("state") == "removed") == is_gone and row.get("text") == wanted[1]
        yield None if fine else f"{comment} is shown as {row} after {wanted}"


def files_go_with_their_replies(evidence: Evidence) -> Iterator[str | None]:
    """I6: a reply's picture is sent with its text where the channel takes both at once, and as a
    message of its own otherwise: as often as the reply."""
    calls, rows = _carried_out(evidence), _rows_by_id(evidence)
    least, most = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for message, attempts in _list_attempts(evidence).items():
        first = attempts[0].request
        if not _has_parts(first):
            with_file = [call.file for call in calls[first.text or ""]]
            fine = set(with_file) <= {bool(first.attachments)}
            yield None if fine else f"{first.text!r} has {first.attachments}: {with_file}"
            continue
        place: tuple[str, str] = (first.page_id, first.customer_external_id)
        possible = (OutboundOutcome.DONE, OutboundOutcome.UNKNOWN)
        least[place] += all(row["state"] in SENT for row in rows[message])
        most[place] += sum(each.outcome in possible for each in attempts)
    pages = {account.external_id: account.page for account in ACCOUNTS}
    sent = Counter(
        (pages.get(call.account or "", ""), call.to or "")
        for call in evidence.calls
        if call.file and call.text is None and call.error is None and call.action in _MAKING
    )
    for place in most.keys() | sent.keys():
        fine = least[place] <= sent[place] <= most[place]
        limits = (least[place], most[place])
        yield None if fine else f"{place} got {sent[place]} pictures, and {limits} are right"


def stopped_pages_keep_replies(evidence: Evidence) -> Iterator[str | None]:
    """P5: while a page's token is dead its replies are pending; with another token they go out."""
    for held in evidence.held:  # which other faults may have hit as well
        early = held.state in SENT
        yield f"{held.text!r} was {held.state} while its page was stopped" if early else None
    if evidence.stop is not None:
        stop = evidence.stop
        kept = set(stop.waiting) == {"pending"} and stop.problem == "token_dead"
        yield None if kept else f"{stop.page} is {stop.problem}, its replies {stop.waiting}"
        fine = SENT.issuperset(stop.afterwards)
        yield None if fine else f"{stop.page} was connected again, its replies {stop.afterwards}"


def stops_hold_no_other(evidence: Evidence) -> Iterator[str | None]:
    """P5: while one page cannot send, all others do. A reply of which nobody can tell what became
    was called, too: on a full machine an answer may come too late."""
    if evidence.stop is not None:
        for page, state in evidence.stop.others.items():
            held = state not in {*SENT, "unknown"}
            yield f"{page}'s reply is {state} beside {evidence.stop.page}" if held else None


def nothing_waits_without_a_reason(evidence: Evidence) -> Iterator[str | None]:
    """P5: at the end a reply waits only for a page that says why it cannot send."""
    pages = {page: each for world in evidence.worlds.values() for page, each in world.pages.items()}
    for conversation, thread in evidence.threads.items():
        page = evidence.rows.get(conversation, {}).get("page_id", "")
        for row in thread:
            if row["direction"] == "out":
                stuck = row["state"] == "pending" and "problem" not in pages.get(page, {})
                yield f"{row['text']!r} waits on {page}, which has no problem" if stuck else None
    settled = {
        event.request_id for _, event in evidence.log.events(OUTBOUND_RESULTS, OutboundSettled)
    }
    for request in _list_requests(evidence):
        stuck = request.request_id not in settled and "problem" not in pages.get(
            request.page_id, {}
        )
        yield f"{request.request_id} ({request.action}) was never settled" if stuck else None


class _Attempt(NamedTuple):
    """One request to send a reply, and what became of it."""

    request: OutboundRequested
    outcome: OutboundOutcome | None


def _list_attempts(evidence: Evidence) -> Mapping[str, Sequence[_Attempt]]:
    """By reply, in the order of the log."""
    outcomes, found = _find_outcomes(evidence), defaultdict[str, list[_Attempt]](list)
    for request in _replies(evidence):
        found[request.message_id].append(_Attempt(request, outcomes.get(request.request_id)))
    return found


def _find_outcomes(evidence: Evidence) -> Mapping[str, OutboundOutcome]:
    """By request; after `unknown` the truth may have become known."""
    found: dict[str, OutboundOutcome] = {}
    for _, event in evidence.log.events(OUTBOUND_RESULTS, OutboundSettled):
        if found.get(event.request_id, OutboundOutcome.UNKNOWN) == OutboundOutcome.UNKNOWN:
            found[event.request_id] = event.outcome
    return found


def _has_parts(request: OutboundRequested) -> bool:
    """Whether it becomes several messages at its channel: Messenger takes a text or a file."""
    is_message = request.action == OutboundAction.SEND and request.channel == Channel.FACEBOOK
    return is_message and bool(request.attachments)


def _find_deleted(evidence: Evidence) -> Collection[str]:
    return {
        each.message_id for each in _list_requests(evidence) if each.action == OutboundAction.DELETE
    }


def _list_requests(evidence: Evidence) -> Sequence[OutboundRequested]:
    """Each once, those of a conversation in the order of the log: the first record counts."""
    firsts: dict[str, OutboundRequested] = {}
    for _, event in evidence.log.events(OUTBOUND, OutboundRequested):
        firsts.setdefault(event.request_id, event)
    return list(firsts.values())


def _replies(evidence: Evidence) -> Iterator[OutboundRequested]:
    return (each for each in _list_requests(evidence) if each.action.makes_message)


def _carried_out(evidence: Evidence) -> Mapping[str, Sequence[ChannelCall]]:
    """By text, what the channels carried out of replies, in their order."""
    made: dict[str, list[ChannelCall]] = defaultdict(list)
    for call in evidence.calls:
        if call.error is None and call.action in _MAKING:
            made[call.text or ""].append(call)
    return made


def _rows_by_id(evidence: Evidence) -> Mapping[str, Sequence[Json]]:
    rows: dict[str, list[Json]] = defaultdict(list)
    for thread in evidence.threads.values():
        for row in thread:
            rows[str(row.get("id"))].append(row)
    return rows


LAWS_OF_REPLIES: Mapping[str, Callable[[Evidence], Iterator[str | None]]] = {
    "a reply is sent once, or shown as unknown": sent_once_or_unknown,
    "replies of a conversation are sent in their order": sent_in_order,
    "every echo finds its reply": echoes_find_their_replies,
    "a failed reply has the channel's reason": failures_say_why,
    "what is done to a comment is done at the channel": actions_are_done,
    "an edited comment is edited, and a deleted one gone": rewritten_comments_are_shown,
    "a reply's picture goes out with it": files_go_with_their_replies,
    "a stopped page keeps its replies until it is connected": stopped_pages_keep_replies,
    "a stopped page holds up no other": stops_hold_no_other,
    "no reply waits without a reason": nothing_waits_without_a_reason,
}
