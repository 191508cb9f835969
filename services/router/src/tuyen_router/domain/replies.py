"""R4.5, R4.6: comment threads whose replies request an agent, and which wait for these replies."""

from collections.abc import Iterator

from msgspec.structs import replace

from tuyen_events.ids import ConversationId, MessageId, OrganizationId
from tuyen_events.limits import WAITED_FOR
from tuyen_events.routing import ChoiceRequested, ThreadReported, ThreadState, Verdict
from tuyen_router.domain import threads
from tuyen_router.domain.dispatch_state import Dequeued, DispatchState, DispatchStep, RequestQueued
from tuyen_router.domain.queue_buckets import WaitingRequest


def is_in_another_partition(state: DispatchState, request: ChoiceRequested) -> bool:
    """Whether another partition has a comment's thread, so that the requesting partition must not
    get it. A waiting thread is found in the queue, a recently answered one by its answer, and
    others among the remembered threads. An answer `off` gave the thread to nobody."""
    conversation = request.conversation_id
    answer = state.answer_to(conversation)
    if conversation in state.waits_of:
        return True
    if threads.is_vacant(state.threads, request):
        return False
    if answer is not None and answer.choice.verdict is not Verdict.OFF:
        return True
    return not threads.may_begin(state.threads, request)


def redirect_to_thread(state: DispatchState, request: ChoiceRequested) -> ChoiceRequested:
    """The request, redirected to the partition that has the thread already, if the thread waits for
    no reply there any more (NOT_WAITING): the thread's records continue there, with rising
    versions."""
    known = threads.find_thread(state.threads, request.organization, request.conversation_id)
    if known is None or known.state is not ThreadState.NOT_WAITING:
        return request
    before = state.answer_to(request.conversation_id)
    return replace(
        request,
        cause=replace(request.cause, partition=known.partition),
        instead_of="" if before is None else before.choice.request_id,
    )


def on_reply_removed(
    state: DispatchState, report: ThreadReported, reply: MessageId, waiting: WaitingRequest | None
) -> Iterator[DispatchStep]:
    """R4.6: a thread that waits only for replies leaves the queue with the last of them. If the
    removal is read again, after a crash that may have lost it, the partition is notified again."""
    if waiting is None:
        known = threads.find_thread(state.threads, report.organization, report.conversation_id)
        answer = state.answer_to(report.conversation_id)
        if answer is not None and known is not None and known.state is ThreadState.NOT_WAITING:
            yield threads.report_dequeued(known.partition, report, answer.choice)
        return
    request = waiting.request
    comments = tuple(each for each in request.comments if each != reply)
    if comments == request.comments:
        return
    if comments:
        yield RequestQueued(WaitingRequest(waiting.place, replace(request, comments=comments)))
        return
    yield Dequeued(report.organization, request.request_id)
    yield from threads.vacate(state.threads, report, request)


def extend_wait(state: DispatchState, request: ChoiceRequested) -> Iterator[RequestQueued]:
    """R4.6: adds the request's replies to those that the thread waits for (`comments`). If the root
    requests an agent as well, or there are more than WAITED_FOR replies, `comments` becomes empty:
    from then on, no removal of a reply ends the wait."""
    waiting = find_waiting(state, request.organization, request.conversation_id)
    if waiting is None or not waiting.request.comments:
        return
    known = waiting.request.comments
    comments = tuple(dict.fromkeys((*known, *request.comments))) if request.comments else ()
    if len(comments) > WAITED_FOR:
        comments = ()
    if comments != known:
        yield RequestQueued(
            WaitingRequest(waiting.place, replace(waiting.request, comments=comments))
        )


def find_waiting(
    state: DispatchState, organization: OrganizationId, conversation: ConversationId
) -> WaitingRequest | None:
    """The queued request of a comment's thread."""
    request = state.waits_of.get(conversation)
    return state.queues.get(organization, {}).get(request or "")
