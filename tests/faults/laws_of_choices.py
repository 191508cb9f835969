"""What must hold of choices: of whom, and in whose turn."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from faults.candidates import pool_of, rule_of
from faults.evidence import Evidence
from router.model.model import in_turn
from tuyen_directory.pools import UNKNOWN
from tuyen_events.assignments import full_of
from tuyen_events.directory import AgentChanged, DepartmentChanged, RegionChanged, RuleChanged
from tuyen_events.ids import comment_thread_id
from tuyen_events.pools import PoolRecorded
from tuyen_events.routing import ChoiceMade, ChoiceRequested, Verdict
from tuyen_events.topics import ANSWERS, DIRECTORY, POOLS, REQUESTS
from tuyen_events.vocabulary import Strategy

Cursor = tuple[str, list[str]]
"""Who was chosen last, and the order at that moment."""
Rule = tuple[str, str]
"""Organization and rule."""


def answers_stay(evidence: Evidence) -> Iterator[str | None]:
    """A choice that is made again after a crash is the same choice (INV3 and INV4)."""
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
        if made.mode is not Strategy.RANDOM:
            cursors[made.rule] = (made.agent, made.order)


def _is_next(made: "_Made", cursor: Cursor | None) -> bool:
    if made.agent not in made.able:
        return False
    match made.mode:
        case Strategy.RANDOM:
            return made.agent == made.able[_draw(made.seed, len(made.able))]
        case Strategy.LEAST_LOADED:
            return True  # the others' loads are not recorded
        case Strategy.SEQUENTIAL:
            last = None if cursor is None else cursor[0]
            return made.after == last and made.agent == in_turn(made.order, made.able, cursor)


def skew_is_one(evidence: Evidence) -> Iterator[str | None]:
    """R2.1: over any run in which the candidates do not change, nobody is more than one ahead."""
    runs: dict[Rule, tuple[tuple[list[str], list[str]], Counter[str]]] = {}
    for made in _choices(evidence):
        if made.mode is not Strategy.SEQUENTIAL:
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
    for answer in _list_choices(evidence):
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
        order = pool_of(world, rule_of(world, page) or "")
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


@dataclass(frozen=True, slots=True)
class _Made:
    """A choice and what it was made from, as the log has it."""

    request_id: str
    rule: Rule
    mode: Strategy
    order: list[str]
    able: list[str]
    """The candidates of the recorded pool who were not full, and had not given it back."""
    agent: str
    after: str | None
    seed: str


def _choices(evidence: Evidence) -> Iterator[_Made]:
    """Choices in their order, whose pools are in the log."""
    pools = {pool.id: pool for _, pool in evidence.log.events(POOLS, PoolRecorded)}
    for answer in _list_choices(evidence):
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


def _list_choices(evidence: Evidence) -> Iterator[ChoiceMade]:
    return (each for each in evidence.answers() if each.verdict is Verdict.CHOSEN)


def every_choice_names_its_pool(evidence: Evidence) -> Iterator[str | None]:
    """R9.4: without it, nothing could be said about the choice."""
    pools = {pool.id: pool for _, pool in evidence.log.events(POOLS, PoolRecorded)}
    for answer in _list_choices(evidence):
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


def _draw(seed: str, among: int) -> int:
    """R2.2."""
    return int.from_bytes(blake2b(seed.encode(), digest_size=16).digest(), "big") % among
