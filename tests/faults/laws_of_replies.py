"""What must hold of replies: at the channels, in the log, and as agents see them (I6, I8, P5, P5b).

No two replies of a history have the same text, so a call at a channel, an echo and a row of a
thread are known by their texts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from faults.doubles import ChannelCall
from faults.evidence import Evidence
from faults.stopping import SENT
from faults.tenants import Json
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

_CALLED: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(SENT, (1, 1)),
    "unknown": (0, 1),
    "failed": (0, 0),
    "pending": (0, 0),
}
"""How often the channel may have carried out a reply that is shown so: least and most."""

_MAKING = frozenset(action.value for action in OutboundAction if action.makes_message)
_SWITCHES = (
    (OutboundAction.HIDE, OutboundAction.UNHIDE, "hidden"),
    (OutboundAction.LIKE, OutboundAction.UNLIKE, "liked"),
)
_FOR_A_PERSON = frozenset({"token_dead", "no_permission", "blocked_by_policy"})
"""Why a page stops, which fails no reply."""


def sent_once_or_unknown(evidence: Evidence) -> Iterator[str | None]:
    """I6, P5: every reply in the log is in one thread, once; who says that it is sent called the
    channel once, and who says that it failed, never. A lost call may be shown as unknown, wherever
    nobody could tell: it was carried out at most once. One key is one reply."""
    rows, calls = _rows_by_id(evidence), _carried_out(evidence)
    for request in _replies(evidence):
        found, times = rows[request.message_id], len(calls[request.text or ""])
        what = f"{request.text!r} ({request.action}, {request.message_id})"
        if len(found) != 1:
            yield f"{what} is in {len(found)} places"
            continue
        least, most = _CALLED.get(found[0]["state"], (1, 0))
        fine = least <= times <= most
        yield None if fine else f"{what} is {found[0]['state']} and was called {times} times"
    for reply in evidence.replies.values():
        several = len(reply.messages) > 1
        yield f"{reply.text!r} became {sorted(reply.messages)}" if several else None


def sent_in_order(evidence: Evidence) -> Iterator[str | None]:
    """I6: the channel was called for the replies of a conversation in the order in which they
    were accepted. One that was accepted before another was asked for comes before it."""
    calls = _carried_out(evidence)
    threads: dict[str, list[str]] = defaultdict(list)
    for request in _replies(evidence):
        threads[request.conversation_id].append(request.text or "")
    for conversation, texts in threads.items():
        made = [calls[text][0].seq for text in texts if calls[text]]
        yield None if made == sorted(made) else f"{conversation}: {texts} were called as {made}"
        yield _find_overtaken(evidence, texts)


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
    sent."""
    rows: dict[str, list[Json]] = defaultdict(list)
    for thread in evidence.threads.values():
        for row in thread:
            if row["direction"] == "out":
                rows[str(row["external_id"])].append(row)
                known = row.get("client_id") is not None
                yield None if known else f"{row['text']!r} is a row of its own: {row['id']}"
    echoes = {
        event.external_id: event.text
        for _, event in evidence.log.events(INBOUND, InboundEvent)
        if isinstance(event, MessageEchoed)
        or (isinstance(event, CommentAdded) and event.customer is None)
    }
    for external_id, text in echoes.items():
        found = [(row["text"], row["state"]) for row in rows[external_id]]
        fine = len(found) == 1 and found[0][0] == text and found[0][1] in SENT
        yield None if fine else f"the echo {external_id} ({text!r}) is shown as {found}"


def failures_say_why(evidence: Evidence) -> Iterator[str | None]:
    """I6: a reply that failed has the channel's own reason, and an unknown one says that it is; so
    do actions on comments. A page that stops fails nothing."""
    refused: dict[str, list[str]] = defaultdict(list)
    for call in evidence.calls:
        if call.error is not None:
            refused[call.text or ""].append(call.error)
    for thread in evidence.threads.values():
        for row in thread:
            if row["state"] == "failed":
                reasons = refused[row["text"]]
                error = row.get("error")
                yield _judge_reason(row, error, reasons[-1] if reasons else None)
            elif row["state"] == "unknown":
                code = (row.get("error") or {}).get("code")
                yield None if code == "answer_lost" else f"{row['text']!r} is unknown by {code}"
            if row.get("problem") is not None:
                yield f"{row['id']} has a problem: {row['problem']}"
    yield None


def _judge_reason(row: Json, error: Json | None, reason: str | None) -> str | None:
    what = f"{row['text']!r} failed"
    if error is None or error["code"] not in TEXTS or not all(error["text"].values()):
        return f"{what}, and says {error}"
    if error["code"] in _FOR_A_PERSON:
        return f"{what}, because its page stopped"
    if reason is None or not all(reason in text for text in error["text"].values()):
        return f"{what} with {error}, and the channel said {reason}"
    return None


def actions_are_done(evidence: Evidence) -> Iterator[str | None]:
    """I8: what was requested last of a comment is what the channel did last, and what is shown."""
    rows = _rows_by_id(evidence)
    outcomes = {
        event.request_id: event.outcome
        for _, event in evidence.log.events(OUTBOUND_RESULTS, OutboundSettled)
    }
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
    "a stopped page keeps its replies until it is connected": stopped_pages_keep_replies,
    "a stopped page holds up no other": stops_hold_no_other,
    "no reply waits without a reason": nothing_waits_without_a_reason,
}
