"""What must hold of requests, and of what waits."""

from collections import Counter
from collections.abc import Iterator, Sequence

from faults.candidates import candidates
from faults.evidence import Evidence
from faults.tenants import TENANTS, Json
from tuyen_events.routing import ChoiceRequested, ChoiceWithdrawn, Purpose, ThreadReported, Verdict
from tuyen_events.topics import REQUESTS
from tuyen_events.vocabulary import ConversationKind


def answered_in_order(evidence: Evidence) -> Iterator[str | None]:
    """Requests of an organization get their first answers in the order in which they came; of
    those for a comment's thread, which its root and replies ask for alike, one does (R4.5), or none
    if a manager assigned the thread before."""
    places: dict[str, int] = {}
    threads = {
        report.conversation_id
        for _, report in evidence.log.events(REQUESTS, ThreadReported)
        if report.given is not None
    }
    for place, answer in enumerate(evidence.answers()):
        places.setdefault(answer.request_id, place)
        if answer.kind is ConversationKind.COMMENT:
            threads.add(answer.conversation_id)
    asked: set[str] = set()
    last: dict[str, int] = {}
    for _, request in evidence.log.events(REQUESTS, ChoiceRequested):
        name, organization = request.request_id, request.organization
        if name in asked:
            continue
        asked.add(name)
        if name not in places and (request.reply or request.conversation_id in threads):
            continue  # nor does a partition report the manual assignment of a thread that it has
        if name not in places:
            yield f"{name} was never answered"
        elif places[name] < last.get(organization, -1):
            yield f"{name} was answered before one that came earlier"
        else:
            last[organization] = places[name]
            yield None


def queue_is_empty(evidence: Evidence) -> Iterator[str | None]:
    """R5.1, once everything is quiet."""
    loads = Counter(
        (row["organization"], row["assignee"]["agent_id"])
        for row in evidence.rows.values()
        if row["assignee"] is not None and not row["done"]
    )
    waited_for = _find_awaited(evidence)
    for tenant, world in evidence.worlds.items():
        mine = {agent: n for (where, agent), n in loads.items() if where == tenant}
        for row in evidence.rows.values():
            if row["organization"] == tenant and row["waiting"]:
                request = waited_for.get(row["id"])
                able = candidates(world, row["page_id"], _find_needed(row, request), mine)
                if request is not None:
                    able = [each for each in able if each not in request.leavers]
                    able = [each for each in able if _is_in(world.agents[each], request)]
                yield f"{row['id']} waits, and {able} can take it" if able else None
    yield None


def _find_needed(row: Json, request: ChoiceRequested | None) -> str:
    """The capability that somebody needs for what the row waits for (R1.3)."""
    if row["channel"] != "facebook":
        return f"{row['channel']}_message"
    kind = row["kind"] if request is None else request.kind.value
    return "facebook_message" if kind == "message" else "facebook_comment"


def _is_in(agent: Json, request: ChoiceRequested) -> bool:
    """R1.5: of the department, and of the region, that the visitor named."""
    department, region = request.department, request.region
    if department is None:
        return True
    inside = department in agent["departments"]
    return inside and (region is None or f"{department}/{region}" in agent["regions"])


def _find_awaited(evidence: Evidence) -> dict[str, ChoiceRequested | None]:
    """By conversation, what its last record waits for or settled. A customer's threads wait for one
    answer, by what the first of them asked (R3.6), and not for who handed it over (R6.5); who asks
    again while they wait keeps their place, and the record that says that they wait (R3.7). So do
    threads that wait when another thread of their customer is handed over: its request, which
    withdraws theirs, is theirs too."""
    requests: dict[str, ChoiceRequested] = {}
    asked_anew: dict[str, str] = {}
    last_of: dict[str, str] = {}
    withdrawn = _find_withdrawn(evidence)
    for _, request in evidence.log.events(REQUESTS, ChoiceRequested):
        is_repeated = request.request_id in requests
        requests[request.request_id] = request
        if is_repeated or not request.kind.sticky:
            continue
        before = last_of.get(request.customer_id)
        last_of[request.customer_id] = request.request_id
        joins = request.purpose is Purpose.HANDOVER and before in withdrawn
        if before is not None and (request.keeps_place or joins):
            asked_anew[before] = request.request_id

    def latest(request_id: str) -> ChoiceRequested | None:
        while request_id in asked_anew:
            request_id = asked_anew[request_id]
        return requests.get(request_id)

    return {
        conversation: latest(records[-1].request_id or "")
        for conversation, records in evidence.decided().items()
    }


def _find_withdrawn(evidence: Evidence) -> set[str]:
    return {event.request_id for _, event in evidence.log.events(REQUESTS, ChoiceWithdrawn)}


def queue_is_in_order(evidence: Evidence) -> Iterator[str | None]:
    """R5.1: among requests that the same agents can take, first come, first served.

    Where an organization had `leave_unassigned` for a while, new ones do not queue behind others.
    """
    groups: dict[str, tuple[object, ...]] = {}
    for _, request in evidence.log.events(REQUESTS, ChoiceRequested):
        groups[request.request_id] = (
            request.organization,
            request.page_id,
            request.kind.value if request.kind.value == "message" else "comment",
            request.department,
            request.region,
            request.page_url,
            request.leavers,
        )
    gone = _find_withdrawn(evidence)
    gone |= _find_moved(evidence)
    waiting: dict[tuple[object, ...], list[str]] = {}
    for answer in evidence.answers():
        queue = waiting.setdefault(groups[answer.request_id], [])
        if answer.verdict is Verdict.QUEUED:
            queue.append(answer.request_id)
        elif answer.verdict is Verdict.CHOSEN:
            ahead = [each for each in queue if each not in gone]
            if answer.drained:
                first = ahead[:1] == [answer.request_id] or answer.request_id in gone
                yield None if first else f"{answer.request_id} left before {ahead[:1]}"
                if answer.request_id in queue:
                    queue.remove(answer.request_id)
            elif answer.organization in evidence.steady and answer.purpose is not Purpose.OFFLINE:
                yield f"{answer.request_id} was not behind {ahead[0]}" if ahead else None


def _find_moved(evidence: Evidence) -> set[str]:
    """Requests that took another line with their old place (R3.7, R6.5), and those of before."""
    found: set[str] = set()
    before: dict[str, list[str]] = {}
    for _, request in evidence.log.events(REQUESTS, ChoiceRequested):
        asked = before.setdefault(request.customer_id, [])
        asked.append(request.request_id)
        if request.keeps_place:
            found.update(asked)
    return found


def nothing_is_forgotten(evidence: Evidence) -> Iterator[str | None]:
    """R3.1, R4.1, R4.5: where rules always assign, each conversation was decided on, or its
    customer's assignee has it; be it by replies alone, below a root that was assigned to nobody."""
    for conversation, row in evidence.rows.items():
        tenant = row["organization"]
        if tenant not in evidence.steady or row["page_id"] not in evidence.worlds[tenant].pages:
            continue
        heard = any(m["direction"] == "in" for m in evidence.threads[conversation])
        forgotten = heard and row["version"] == 0
        yield f"nothing was ever decided on {conversation}" if forgotten else None


def steady(tenants: Sequence[str] = tuple(TENANTS)) -> frozenset[str]:
    """Organizations of the plan that never stop assigning by themselves."""
    return frozenset(each for each in tenants if TENANTS[each].steady)
