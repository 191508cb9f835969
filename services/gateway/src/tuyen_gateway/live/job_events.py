"""The progress of an organization's jobs, as live events. Replays are shown as jobs.

Decides I11.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tuyen_events.ids import OrganizationId
from tuyen_gateway.domain.heads import unpack
from tuyen_gateway.domain.jobs import Job
from tuyen_gateway.domain.live import LivePosition
from tuyen_gateway.live.frames import encode_live_event
from tuyen_gateway.live.sources import Sources
from tuyen_gateway.live.stream import LiveStream
from tuyen_gateway.ports.dead_letters import Replay


class JobHeads(NamedTuple):
    """How far the records of an organization's jobs have been read: `Heads`, packed."""

    jobs: bytes
    replays: bytes


def find_job_heads(sources: Sources, organization: OrganizationId) -> JobHeads:
    return JobHeads(sources.jobs.heads.of(organization), sources.replays.heads.of(organization))


class JobEvents:
    """The jobs that the streams of an organization were sent."""

    def __init__(self, sources: Sources, organization: OrganizationId) -> None:
        self._sources = sources
        self._organization = organization
        self.sent = self._present

    @property
    def _present(self) -> JobHeads:
        return find_job_heads(self._sources, self._organization)

    def have_changed(self) -> bool:
        return self._present != self.sent

    def send(self, streams: Sequence[LiveStream], get_position: Callable[[], str]) -> None:
        """Sends what changed; `get_position` returns the position of everything that is in
        `sent`."""
        present = self._present
        if present == self.sent:
            return
        changed = self._changed_after(self.sent)
        before, self.sent = get_position(), present
        for number, job in enumerate(changed, 1):
            position = get_position() if number == len(changed) else before
            event = self._encode(job, position)
            for stream in streams:
                if self._sources.renderer.sees_job(job, stream.watch):
                    stream.send(event)

    def catch_up(self, stream: LiveStream, after: LivePosition, position: str) -> None:
        """Sends what changed after a position to one stream, at `position`."""
        for job in self._changed_after(JobHeads(after.jobs, after.replays)):
            if self._sources.renderer.sees_job(job, stream.watch):
                stream.send(self._encode(job, position))

    def _changed_after(self, heads: JobHeads) -> Sequence[Job | Replay]:
        sources, organization = self._sources, self._organization
        return [
            *sources.jobs.changed_after(organization, unpack(heads.jobs)),
            *sources.replays.changed_after(organization, unpack(heads.replays)),
        ]

    def _encode(self, job: Job | Replay, position: str) -> bytes:
        return encode_live_event(
            "job.progressed", position, {"job": self._sources.renderer.job(job)}
        )
