"""What must hold of the router's log and state once everything is quiet, whatever happened."""

from collections import Counter
from collections.abc import Mapping

from router.model.history import History, assignments
from router.model.model import in_turn
from router.model.threads import partition_of, word_of
from support.organizations import SHOP
from tuyen_directory.pool_cache import PoolCache
from tuyen_events.assignments import AssignmentEvent, full_of
from tuyen_events.commands import CommandSettled, MarkConversationDone
from tuyen_events.ids import AgentId, ConversationId
from tuyen_events.pools import PoolRecorded
from tuyen_events.routing import ChoiceMade, ThreadGiven, ThreadRemoved, Verdict
from tuyen_events.topics import ANSWERS, COMMAND_RESULTS, COMMANDS, POOLS
from tuyen_events.vocabulary import Strategy
from tuyen_router.domain.customer_records import REMOVED_AT_CHANNEL, ConversationState
from tuyen_router.domain.customer_state import CustomerRouting, CustomerState
from tuyen_router.domain.queue_buckets import WaitingRequest, build_offer
from tuyen_router.domain.snapshot import restore_state


def hold(history: History) -> None:
    """All of them."""
    versions_rise_by_one(history)
    threads_have_one_owner(history)
    nothing_is_pending(history)
    queue_is_empty_while_somebody_can(history)
    rotation_is_exact(history)
    requests_are_answered_once(history)
    pools_are_published(history)
    loads_are_counted(history)
    done_is_what_was_seen(history)
    commands_are_settled(history)
    states_are_what_the_logs_say(history)


def versions_rise_by_one(history: History) -> None:
    """Where two partitions wrote of a comment's thread, each for itself and one of them last."""
    for name, records in assignments(history.simulation).items():
        by_partition: dict[int, list[AssignmentEvent]] = {}
        for each in records:
            by_partition.setdefault(partition_of(each.customer_id), []).append(each)
        for mine in by_partition.values():
            versions = [each.version for each in mine]
            assert versions == sorted(set(versions)), (name, versions)
            assert len(by_partition) > 1 or versions == list(range(1, len(mine) + 1)), name
            before = None
            for each in mine:
                assert each.previous_agent_id == before, name
                before = each.agent_id
        highest = max(each.version for each in records)
        assert [each.version for each in records].count(highest) == 1, name


def threads_have_one_owner(history: History) -> None:
    """R4.1: of a thread of which two partitions wrote, one alone counts it."""
    for name in history.threads:
        conversation = ConversationId(name)
        open_in = [
            number
            for number, state in history.simulation.customers.items()
            if conversation in state.conversations
            and state.done.get(conversation) != REMOVED_AT_CHANNEL
        ]
        assert len(open_in) <= 1, (name, open_in)


def nothing_is_pending(history: History) -> None:
    """Whatever awaits an answer is in the queue, and whatever is there awaits one (R5)."""
    waiting = _waiting(history)
    for state in history.simulation.customers.values():
        for customer in state.customers.values():
            request = customer.open_request
            if request is None:
                continue
            assert request.id in waiting, f"{request} is open and nobody will answer"
            for conversation, _ in request.conversations:
                assert state.conversations[conversation].waiting, (conversation, request)
            del waiting[request.id]
        for name, row in state.conversations.items():
            if row.waiting and history.threads[name].kind == "comment":
                assert row.request_id in waiting, name
                del waiting[row.request_id]
    assert not waiting, "in the queue, and nobody awaits it"


def everybody_has_somebody(history: History) -> None:
    """R3.1, R4.1, R4.5: every conversation was decided on, in a history in which rules always
    assign: of which something stands, be it a reply below a root that was assigned to nobody."""
    found = rows(history)
    stands = {
        thread.id for thread, _, body in history.told if word_of(body) not in history.taken_back
    }
    for name in (history.threads.keys() & stands) - history.removed:
        assert ConversationId(name) in found, f"nothing was ever decided on {name}"


def queue_is_empty_while_somebody_can(history: History) -> None:
    """R5.1."""
    for organization in history.simulation.organizations.values():
        if not organization.assigns_by_itself:
            continue
        pools = PoolCache().pools_of(organization)
        for waiting in _waiting(history).values():
            assert not build_offer(pools, waiting.request, _loads(history)).agents, waiting


def rotation_is_exact(history: History) -> None:
    """R2.1, R2.4: each choice in turns is the model's, by what was known when it was made."""
    cursors: dict[str, tuple[str, list[str]]] = {}
    pools = _pools(history)
    for _, (choice, order) in sorted(history.simulation.chosen.items()):
        if choice.verdict is not Verdict.CHOSEN or choice.rule_id is None:
            continue
        assert choice.choice is not None
        pool = pools[choice.choice.pool_id]
        assert pool.order == order
        if choice.mode is Strategy.RANDOM:
            assert choice.agent_id in pool.candidates
            continue
        cursor = cursors.get(choice.rule_id)
        assert choice.choice.after == (None if cursor is None else cursor[0])
        left_out = {*full_of(choice.choice, pool.candidates), *choice.choice.leavers}
        candidates = [each for each in pool.candidates if each not in left_out]
        if choice.mode is Strategy.SEQUENTIAL:
            assert choice.agent_id == in_turn(list(order), list(candidates), cursor)
        assert choice.agent_id in candidates
        cursors[choice.rule_id] = (str(choice.agent_id), list(order))


def requests_are_answered_once(history: History) -> None:
    """R9.2: a request is chosen for once, and what was said is what is remembered."""
    chosen = [
        choice.request_id
        for choice, _ in history.simulation.chosen.values()
        if choice.verdict is Verdict.CHOSEN
    ]
    assert max(Counter(chosen).values(), default=1) == 1
    answers: dict[tuple[str, Verdict], ChoiceMade] = {}
    for answer in history.simulation.topics.events(ANSWERS.name):
        if isinstance(answer, ThreadRemoved | ThreadGiven):
            continue
        assert isinstance(answer, ChoiceMade)
        assert answers.setdefault((answer.request_id, answer.verdict), answer) == answer


def pools_are_published(history: History) -> None:
    """R9.4: whatever names a pool finds it in the log."""
    pools = _pools(history)
    for records in assignments(history.simulation).values():
        for each in records:
            assert each.choice is None or each.choice.pool_id in {*pools, None}


def loads_are_counted(history: History) -> None:
    """R1.7: what stage 2 believes of an organization that counts is what conversations say."""
    for organization in history.simulation.organizations.values():
        if organization.counts_loads:
            assert _loads(history) == _recount(history)


def _recount(history: History) -> Counter[str]:
    found: Counter[str] = Counter()
    for state in history.simulation.customers.values():
        found.update(
            row.agent_id
            for name, row in state.conversations.items()
            if row.agent_id is not None and name not in state.done
        )
        for (_, agent), count in state.archive.count_open().items():
            if agent is not None and count:
                found[agent] += count
    return found


def _loads(history: History) -> Mapping[AgentId, int]:
    (state,) = history.simulation.dispatch_states.values()
    return state.loads_of(SHOP)


def done_is_what_was_seen(history: History) -> None:
    """I12: done is a conversation that was last called so, when none of its events came later than
    what was seen then."""
    told = list(history.simulation.topics.events(COMMANDS.name))
    for name, thread in history.threads.items():
        calls = [
            each
            for each in told
            if isinstance(each, MarkConversationDone) and each.conversation_id == name
        ]
        events = history.events_of(thread)
        if name in history.removed or not events:
            continue
        if history.repliers.get(name) and (
            name not in history.begun_by_root or {*history.repliers[name]} != {thread.customer}
        ):
            continue  # not every reply by others, or by unknown customers, reopens
        expected = bool(calls) and calls[-1].done and calls[-1].seen_offset >= events[-1]
        state, conversation = (
            history.simulation.customers[thread.partition],
            ConversationId(name),
        )
        rested = state.archive.find(conversation)
        done = conversation in state.done or (rested is not None and rested.is_done)
        assert done == expected, (name, calls, events)


def _pools(history: History) -> dict[str | None, PoolRecorded]:
    told = history.simulation.topics.events(POOLS.name)
    return {each.id: each for each in told if isinstance(each, PoolRecorded)}


def commands_are_settled(history: History) -> None:
    """Every command has a result."""
    topics = history.simulation.topics
    asked = {each.command_id for each in topics.events(COMMANDS.name)}  # type: ignore[attr-defined]  # commands have one
    settled = {
        each.command_id
        for each in topics.events(COMMAND_RESULTS.name)
        if isinstance(each, CommandSettled)
    }
    assert settled == asked


def states_are_what_the_logs_say(history: History) -> None:
    """INV6: folding the logs again, compacted or not, gives the state that is live."""
    simulation = history.simulation
    for compacted in (False, True):
        for number, state in simulation.customers.items():
            again = simulation.recover_customers(number, compacted)
            assert again.conversations == state.conversations
            assert again.done == state.done
            assert again.loads == state.loads
            assert again.archive.buckets == state.archive.buckets
            assert again.changes >= state.changes
            assert _summarize(again) == _summarize(state)
        for number, dispatch in simulation.dispatch_states.items():
            assert (
                simulation.recover_dispatch_state(number, compacted).queues.items()
                >= {
                    organization: queue for organization, queue in dispatch.queues.items() if queue
                }.items()
            )
            recovered = simulation.recover_dispatch_state(number, compacted)
            assert recovered.cursors == dispatch.cursors
            assert recovered.answers == dispatch.answers
            assert recovered.places == dispatch.places
            assert recovered.threads == dispatch.threads
            assert recovered.waits_of == dispatch.waits_of
            assert (recovered.place, recovered.request_offsets) == (
                dispatch.place,
                dispatch.request_offsets,
            )


def _summarize(state: CustomerState) -> dict[str, tuple[object, ...]]:
    """What the state of customers comes to; one of whom nothing is known is as good as none."""
    return {
        name: (each.agent_id, each.reason, each.rule_id, each.open_request, each.seen, each.refused)
        for name, each in state.customers.items()
        if each != CustomerRouting()
    }


def rows(history: History) -> dict[ConversationId, ConversationState]:
    """Of all conversations, those at rest among them."""
    found: dict[ConversationId, ConversationState] = {}
    for name in history.threads:
        conversation = ConversationId(name)
        for state in history.simulation.customers.values():
            row = state.conversations.get(conversation)
            rested = state.archive.find(conversation)
            assert row is None or rested is None, f"{name} is in two places"
            if rested is not None:
                row = restore_state(rested, rested.day)
            known = found.get(conversation)
            if row is not None and (known is None or known.version < row.version):
                found[conversation] = row
    return found


def _waiting(history: History) -> dict[str, WaitingRequest]:
    return {
        name: waiting
        for state in history.simulation.dispatch_states.values()
        for queue in state.queues.values()
        for name, waiting in queue.items()
    }
