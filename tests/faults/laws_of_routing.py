"""What must hold of rules, rotations and queues."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from faults.evidence import Evidence, World
from faults.tenants import TENANTS, Json
from router.model.model import in_turn
from tuyen_events.assignments import full_of
from tuyen_events.directory import AgentChanged, DepartmentChanged, RegionChanged, RuleChanged
from tuyen_events.ids import comment_thread_id
from tuyen_events.pools import PoolRecorded
from tuyen_events.routing import ChoiceMade, ChoiceRequested, ChoiceWithdrawn, Purpose, Verdict
from tuyen_events.topics import ANSWERS, DIRECTORY, POOLS, REQUESTS
from tuyen_events.vocabulary import ConversationKind, Mode
from tuyen_router.domain.pools import UNKNOWN

Cursor = tuple[str, list[str]]
"""Who was chosen last, and the order at that moment."""
Rule = tuple[str, str]
"""Organization and rule."""


def answered_in_order(evidence: Evidence) -> Iterator[str | None]:
    """Requests of an organization get their first answers in the order in which they came; of
    those for a comment's thread, which its root and replies ask for alike, one does (R4.5)."""
    places: dict[str, int] = {}
    threads: set[str] = set()
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
            continue  # a reply's thread may have been given by hand, of which nothing is told here
        if name not in places:
            yield f"{name} was never answered"
        elif places[name] < last.get(organization, -1):
            yield f"{name} was answered before one that came earlier"
        else:
            last[organization] = places[name]
            yield None


def answers_stay(evidence: Evidence) -> Iterator[str | None]:
    """A choice that is made again after a crash is the same choice (invariants 3 and 4)."""
    firsts: dict[tuple[int, int], ChoiceMade] = {}
    by_request: dict[tuple[str, Verdict], ChoiceMade] = {}
    for partition, place, answer in evidence.remembered():
        first = firsts.setdefault((partition, place), answer)
        yield None if first == answer else f"place {place}: {first} and {answer}"
        same = by_request.setdefault((answer.request_id, answer.verdict), answer)
        yield None if same == answer else f"{answer.request_id}: {same} and {answer}"
    for _, told in evidence.log.events(ANSWERS, ChoiceMade):
        known = by_request.get((told.request_id, told.verdict))
        yield None if known == told else f"{told.request_id}: told {told}, remembered {known}"
    chosen = Counter(r for r, verdict in by_request if verdict is not Verdict.QUEUED)
    for request_id, times in chosen.items():
        yield None if times == 1 else f"{request_id} came to {times} different ends"


def rotation_is_exact(evidence: Evidence) -> Iterator[str | None]:
    """R2.1 to R2.4: from the recorded pool, each choice is the one that the model makes."""
    cursors: dict[Rule, Cursor] = {}
    for made in _choices(evidence):
        cursor = cursors.get(made.rule)
        yield None if _is_next(made, cursor) else f"{made}, after {cursor}"
        if made.mode is not Mode.RANDOM:
            cursors[made.rule] = (made.agent, made.order)


def _is_next(made: "_Made", cursor: Cursor | None) -> bool:
    if made.agent not in made.able:
        return False
    match made.mode:
        case Mode.RANDOM:
            return made.agent == made.able[_drawn(made.seed, len(made.able))]
        case Mode.LEAST_LOADED:
            return True  # the others' loads are not recorded
        case Mode.SEQUENTIAL:
            last = None if cursor is None else cursor[0]
            return made.after == last and made.agent == in_turn(made.order, made.able, cursor)


def skew_is_one(evidence: Evidence) -> Iterator[str | None]:
    """R2.1: over any run in which the candidates do not change, nobody is more than one ahead."""
    runs: dict[Rule, tuple[tuple[list[str], list[str]], Counter[str]]] = {}
    for made in _choices(evidence):
        if made.mode is not Mode.SEQUENTIAL:
            runs.pop(made.rule, None)
            continue
        among = (made.order, made.able)
        if made.rule not in runs or runs[made.rule][0] != among:
            runs[made.rule] = (among, Counter(dict.fromkeys(made.able, 0)))
        counts = runs[made.rule][1]
        counts[made.agent] += 1
        skew = max(counts.values()) - min(counts.values())
        yield None if skew <= 1 else f"{made}: {dict(counts)}"


def capacity_bounds_choices(evidence: Evidence) -> Iterator[str | None]:
    """R1.7: nobody is chosen who has as many open conversations as the rule lets them have."""
    bounds = {
        (rule.organization, rule.id, rule.version, member.agent_id): member.capacity
        for _, rule in evidence.log.events(DIRECTORY, RuleChanged)
        for member in rule.members
        if member.capacity is not None
    }
    for answer in _chosen(evidence):
        choice, rule_id, agent = answer.choice, answer.rule_id, answer.agent_id
        if choice is None or rule_id is None or agent is None or choice.rule_version is None:
            continue
        bound = bounds.get((answer.organization, rule_id, choice.rule_version, agent))
        if bound is not None:
            above = choice.load is None or choice.load >= bound
            yield f"{answer.request_id}: {agent} had {choice.load} of {bound}" if above else None


def exam_is_passed(evidence: Evidence) -> Iterator[str | None]:
    """R2.1: everybody was online, and comments came one after another to rules in turns."""
    decided = evidence.decided()
    for (tenant, page), comments in evidence.exam.items():
        world = evidence.worlds[tenant]
        order = _pool(world, rule_of(world, page) or "")
        agents = []
        for comment in comments:
            records = decided.get(comment_thread_id(tenant, page, comment))  # type: ignore[arg-type]  # ids of the plan are plain
            agents.append(None if not records else str(records[0].agent_id))
        start = order.index(agents[0]) if agents[0] in order else 0
        expected = [order[(start + turn) % len(order)] for turn in range(len(agents))]
        yield None if agents == expected else f"{page}: {agents} instead of {expected}"


def chosen_is_assigned(evidence: Evidence) -> Iterator[str | None]:
    """Stage 1 writes what stage 2 chose."""
    chosen: dict[tuple[str | None, str], str | None] = {
        (answer.request_id, answer.seed): answer.agent_id
        for answer in evidence.answers()
        if answer.verdict is Verdict.CHOSEN
    }
    for conversation, records in evidence.decided().items():
        for each in records:
            if each.by is not None or each.agent_id is None:
                continue
            agent = chosen.get((each.request_id, each.caused_by), each.agent_id)
            same = agent == each.agent_id
            yield None if same else f"{conversation}: {agent} was chosen, {each.agent_id} has it"


def queue_is_empty(evidence: Evidence) -> Iterator[str | None]:
    """R5.1, once everything is quiet."""
    loads = Counter(
        (row["organization"], row["assignee"]["agent_id"])
        for row in evidence.rows.values()
        if row["assignee"] is not None and not row["done"]
    )
    waited_for = _waited_for(evidence)
    for tenant, world in evidence.worlds.items():
        mine = {agent: n for (where, agent), n in loads.items() if where == tenant}
        for row in evidence.rows.values():
            if row["organization"] == tenant and row["waiting"]:
                request = waited_for.get(row["id"])
                able = candidates(world, row["page_id"], _needed(row, request), mine)
                if request is not None:
                    able = [each for each in able if each not in request.leavers]
                    able = [each for each in able if _is_in(world.agents[each], request)]
                yield f"{row['id']} waits, and {able} can take it" if able else None
    yield None


def _needed(row: Json, request: ChoiceRequested | None) -> str:
    """The capability that somebody needs for what the row waits for (R1.3)."""
    if row["channel"] == "livechat":
        return "livechat_message"
    kind = row["kind"] if request is None else request.kind.value
    return "facebook_message" if kind == "message" else "facebook_comment"


def _is_in(agent: Json, request: ChoiceRequested) -> bool:
    """R1.5: of the department, and of the region, that the visitor named."""
    department, region = request.department, request.region
    if department is None:
        return True
    inside = department in agent["departments"]
    return inside and (region is None or f"{department}/{region}" in agent["regions"])


def _waited_for(evidence: Evidence) -> dict[str, ChoiceRequested | None]:
    """By conversation, what its last record waits for or settled. A customer's threads wait for one
    answer, by what the first of them asked (R3.6), and not for who handed it over (R6.5); who asks
    anew while they wait keeps their place, and the record that says that they wait (R3.7)."""
    requests: dict[str, ChoiceRequested] = {}
    asked_anew: dict[str, str] = {}
    last_of: dict[str, str] = {}
    for _, request in evidence.log.events(REQUESTS, ChoiceRequested):
        is_repeated = request.request_id in requests
        requests[request.request_id] = request
        if is_repeated or not request.kind.sticky:
            continue
        before = last_of.get(request.customer_id)
        last_of[request.customer_id] = request.request_id
        if before is not None and request.keeps_place:
            asked_anew[before] = request.request_id

    def latest(request_id: str) -> ChoiceRequested | None:
        while request_id in asked_anew:
            request_id = asked_anew[request_id]
        return requests.get(request_id)

    return {
        conversation: latest(records[-1].request_id or "")
        for conversation, records in evidence.decided().items()
    }


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
    gone = {event.request_id for _, event in evidence.log.events(REQUESTS, ChoiceWithdrawn)}
    gone |= _moved(evidence)
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


def _moved(evidence: Evidence) -> set[str]:
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
    customer's assignee has it; be it by replies alone, below a root that was nobody's to answer."""
    for conversation, row in evidence.rows.items():
        tenant = row["organization"]
        if tenant not in evidence.steady or row["page_id"] not in evidence.worlds[tenant].pages:
            continue
        heard = any(m["direction"] == "in" for m in evidence.threads[conversation])
        forgotten = heard and row["version"] == 0
        yield f"nothing was ever decided on {conversation}" if forgotten else None


def rule_of(world: World, page: str) -> str | None:
    """R1.1."""
    enabled = [name for name, rule in sorted(world.rules.items()) if rule["enabled"]]
    named = [name for name in enabled if page in (world.rules[name]["pages"] or [])]
    default = [name for name in enabled if world.rules[name]["pages"] is None]
    return next(iter([*named, *default]), None)


def candidates(world: World, page: str, needed: str, loads: dict[str, int]) -> list[str]:
    """R1.1 to R1.4, R1.7 and R1.8, for a page and a capability, by what the API says."""
    name = rule_of(world, page)
    settings = world.settings
    if (
        name is None
        or page not in world.pages
        or not (settings["assignment"] and settings["auto_assign"])
    ):
        return []
    rule = world.rules[name]
    members: dict[str, Json] = {each["agent_id"]: each for each in rule["members"]}

    def able(agent: str) -> bool:
        known, member = world.agents.get(agent), members.get(agent, {})
        if known is None or known["disabled"]:
            return False
        if settings["page_permissions"] and agent not in world.pages[page]["staff"]:
            return False
        if needed not in (member.get("capabilities") or [needed]):
            return False
        capacity = member.get("capacity")
        if capacity is not None and loads.get(agent, 0) >= capacity:
            return False
        return rule["applies_to"] == "all" or world.presence.get(agent) == "online"

    return [agent for agent in _pool(world, name) if able(agent)]


def _pool(world: World, rule: str) -> list[str]:
    """R1.1: the members, or all of role `agent` in the order of the support team."""
    members = [each["agent_id"] for each in world.rules[rule]["members"]]
    if members:
        return members
    agents = sorted(name for name, each in world.agents.items() if each["role"] == "agent")
    team = [each for each in world.support_team if each in agents]
    return [*team, *(each for each in agents if each not in team)]


@dataclass(frozen=True, slots=True)
class _Made:
    """A choice and what it was made from, as the log has it."""

    request_id: str
    rule: Rule
    mode: Mode
    order: list[str]
    able: list[str]
    """The candidates of the recorded pool who were not full, and had not given it back."""
    agent: str
    after: str | None
    seed: str


def _choices(evidence: Evidence) -> Iterator[_Made]:
    """Choices in their order, of which the pool stands in the log."""
    pools = {pool.id: pool for _, pool in evidence.log.events(POOLS, PoolRecorded)}
    for answer in _chosen(evidence):
        choice = answer.choice
        pool = None if choice is None else pools.get(choice.pool_id or "")
        if choice is None or pool is None:
            continue
        out = {*full_of(choice, pool.candidates), *choice.leavers}
        yield _Made(
            answer.request_id,
            (answer.organization, pool.rule_id),
            pool.mode,
            [*pool.order],
            [each for each in pool.candidates if each not in out],
            str(answer.agent_id),
            choice.after,
            answer.seed,
        )


def _chosen(evidence: Evidence) -> Iterator[ChoiceMade]:
    return (each for each in evidence.answers() if each.verdict is Verdict.CHOSEN)


def every_choice_names_its_pool(evidence: Evidence) -> Iterator[str | None]:
    """R9.4: without it, nothing could be said about the choice."""
    pools = {pool.id: pool for _, pool in evidence.log.events(POOLS, PoolRecorded)}
    for answer in _chosen(evidence):
        pool = None if answer.choice is None else pools.get(answer.choice.pool_id or "")
        named = pool is not None and pool.rule_id == answer.rule_id
        yield None if named else f"{answer.request_id}: {answer.choice}"


def pools_are_of_what_was_asked_for(evidence: Evidence) -> Iterator[str | None]:
    """R1.5: who names a department or region is given to its agents alone; one that the
    organization does not have is nobody's."""
    log = evidence.log
    places: set[tuple[str, str]] = set()
    inside: set[tuple[str, str, str]] = set()
    for _, department in log.events(DIRECTORY, DepartmentChanged):
        places.add((department.organization, department.id))
    for _, region in log.events(DIRECTORY, RegionChanged):
        places.add((region.organization, f"{region.department_id}/{region.id}"))
    for _, agent in log.events(DIRECTORY, AgentChanged):
        inside |= {
            (agent.organization, place, agent.id) for place in (*agent.departments, *agent.regions)
        }
    pools = {pool.id: pool for _, pool in log.events(POOLS, PoolRecorded)}
    asked = {each.request_id: each for _, each in log.events(REQUESTS, ChoiceRequested)}
    for answer in evidence.answers():
        pool = pools.get("" if answer.choice is None else answer.choice.pool_id or "")
        request = asked.get(answer.request_id)
        if pool is None or request is None:
            continue
        wanted = _place_of(request, places)
        right = (pool.department, pool.region) == wanted
        for place in (wanted[0], None if wanted[1] is None else f"{wanted[0]}/{wanted[1]}"):
            right &= place is None or all(
                (request.organization, place, agent) in inside for agent in pool.candidates
            )
        yield None if right else f"{answer.request_id} asked for {wanted} and got {pool}"


def _place_of(
    request: ChoiceRequested, places: Collection[tuple[str, str]]
) -> tuple[str | None, str | None]:
    organization, department, region = request.organization, request.department, request.region
    if department is None:
        return None, None
    if (organization, department) not in places:
        return UNKNOWN, UNKNOWN
    if region is not None and (organization, f"{department}/{region}") not in places:
        return department, UNKNOWN
    return department, region


def _drawn(seed: str, among: int) -> int:
    """R2.2."""
    return int.from_bytes(blake2b(seed.encode(), digest_size=16).digest(), "big") % among


def steady(tenants: Sequence[str] = tuple(TENANTS)) -> frozenset[str]:
    """Organizations of the plan that never stop assigning by themselves."""
    return frozenset(each for each in tenants if TENANTS[each].steady)
