"""R4.5, R4.6: a comment's thread that replies ask for, and that waits for them."""

from collections.abc import Iterator

from msgspec.structs import replace

from tuyen_events.ids import ConversationId, MessageId, OrganizationId
from tuyen_events.limits import WAITED_FOR
from tuyen_events.routing import ChoiceRequested, ThreadReported, ThreadState, Verdict
from tuyen_router.domain import threads
from tuyen_router.domain.lines import Waiting
from tuyen_router.domain.rotations import Left, Queued, Rotations, Step


def is_somebodys(rotations: Rotations, request: ChoiceRequested) -> bool:
    """Whether a comment's thread is not the asking partition's to have. One that waits is known by
    that, one that was answered lately by its answer, and others by the threads remembered. Where
    rules were off nobody got it."""
    conversation = request.conversation_id
    given = rotations.answer_to(conversation)
    if conversation in rotations.waits_of:
        return True
    if threads.is_vacant(rotations.threads, request):
        return False
    if given is not None and given.choice.verdict is not Verdict.OFF:
        return True
    return not threads.may_begin(rotations.threads, request)


def in_place(rotations: Rotations, request: ChoiceRequested) -> ChoiceRequested:
    """The request, as the partition's that has the thread already, if one does and waits for
    nobody: its records go on there, with their versions."""
    known = threads.find(rotations.threads, request.organization, request.conversation_id)
    if known is None or known.state is not ThreadState.VACANT:
        return request
    before = rotations.answer_to(request.conversation_id)
    return replace(
        request,
        cause=replace(request.cause, partition=known.partition),
        instead_of="" if before is None else before.choice.request_id,
    )


def on_reply_removed(
    rotations: Rotations, report: ThreadReported, reply: MessageId, waiting: Waiting | None
) -> Iterator[Step]:
    """R4.6: a thread that waits for replies alone leaves the queue with the last of them. That is
    told again when it is heard again, after a crash that may have lost it."""
    if waiting is None:
        known = threads.find(rotations.threads, report.organization, report.conversation_id)
        given = rotations.answer_to(report.conversation_id)
        if given is not None and known is not None and known.state is ThreadState.VACANT:
            yield threads.left(known.partition, report, given.choice)
        return
    asked = waiting.request
    comments = tuple(each for each in asked.comments if each != reply)
    if comments == asked.comments:
        return
    if comments:
        yield Queued(Waiting(waiting.place, replace(asked, comments=comments)))
        return
    yield Left(report.organization, asked.request_id)
    yield from threads.vacated(rotations.threads, report, asked)


def heard(rotations: Rotations, request: ChoiceRequested) -> Iterator[Queued]:
    """R4.6: a thread that waits for replies waits for one more, or for its root, which nothing that
    becomes of the replies ends; nor is it known any more for which of too many."""
    waiting = waiting_with(rotations, request.organization, request.conversation_id)
    if waiting is None or not waiting.request.comments:
        return
    known = waiting.request.comments
    comments = tuple(dict.fromkeys((*known, *request.comments))) if request.comments else ()
    if len(comments) > WAITED_FOR:
        comments = ()
    if comments != known:
        yield Queued(Waiting(waiting.place, replace(waiting.request, comments=comments)))


def waiting_with(
    rotations: Rotations, organization: OrganizationId, conversation: ConversationId
) -> Waiting | None:
    """What a comment's thread waits with."""
    request = rotations.waits_of.get(conversation)
    return rotations.queues.get(organization, {}).get(request or "")
