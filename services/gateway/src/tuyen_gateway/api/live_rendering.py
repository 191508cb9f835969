"""What live streams send, as the other routes return it: equal to the byte."""

from tuyen_gateway.api.conversation_views import conversation_view, counts_view, message_view
from tuyen_gateway.api.crm.merge_proposals import show_proposal
from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.api.jobs import sees_job, show_job
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.jobs import Job
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.ports.dead_letters import Replay
from tuyen_gateway.ports.live import Watch
from tuyen_gateway.ports.views import InboxCounts, MergeProposal

_NO_SESSION = ""


class ApiRenderer:
    """`Renderer`, by the bodies of the routes."""

    def row(self, row: InboxRow, unread: int, watch: Watch) -> bytes:
        view = conversation_view(row, _caller(watch))
        return view.model_copy(update={"unread": unread}).model_dump_json().encode()

    def message(self, message: Message, row: InboxRow, watch: Watch) -> bytes:
        view = message_view(message, row, _caller(watch))
        return view.model_dump_json(exclude_unset=True).encode()

    def counts(self, counts: InboxCounts) -> bytes:
        return counts_view(counts, "").model_dump_json(exclude={"position"}).encode()

    def job(self, job: Job | Replay) -> bytes:
        return show_job(job).model_dump_json().encode()

    def proposal(self, proposal: MergeProposal) -> bytes:
        return show_proposal(proposal).model_dump_json().encode()

    def sees_job(self, job: Job | Replay, watch: Watch) -> bool:
        return sees_job(watch.viewer, job)


def _caller(watch: Watch) -> Caller:
    return Caller(
        viewer=watch.viewer,
        scope=watch.scope,
        organization=watch.organization,
        session=_NO_SESSION,
    )
