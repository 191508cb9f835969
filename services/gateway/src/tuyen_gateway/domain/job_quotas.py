"""How many jobs one agent and one organization may have (R9.5): at one time, and within an hour.

Each gateway checks against its own global table of jobs, which is updated for each request. If two
gateways check at the same moment, each may let one job more pass; nothing depends on the exact
number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tuyen_events.jobs import JobRequested
from tuyen_events.limits import (
    BULK_IDS_AN_HOUR_OF_AGENT,
    BULK_IDS_AN_HOUR_OF_ORGANIZATION,
    JOBS_AN_HOUR_OF_AGENT,
    JOBS_AN_HOUR_OF_ORGANIZATION,
    JOBS_OF_AGENT,
    JOBS_OF_ORGANIZATION,
)
from tuyen_gateway.domain.jobs import Job, size
from tuyen_gateway.errors import TooManyAttemptsError

_HOUR = timedelta(hours=1)
_SOON_S = 5


@dataclass(frozen=True, slots=True)
class _Quota:
    whose: str
    at_once: int
    an_hour: int
    ids_an_hour: int


_OF_AGENT = _Quota("You have", JOBS_OF_AGENT, JOBS_AN_HOUR_OF_AGENT, BULK_IDS_AN_HOUR_OF_AGENT)
_OF_ORGANIZATION = _Quota(
    "Your organization has",
    JOBS_OF_ORGANIZATION,
    JOBS_AN_HOUR_OF_ORGANIZATION,
    BULK_IDS_AN_HOUR_OF_ORGANIZATION,
)


def refuse_too_many(jobs: Sequence[Job], request: JobRequested) -> None:
    """Raises TooManyAttemptsError if `jobs`, all of the request's organization, reach a limit."""
    own = [job for job in jobs if job.request.by == request.by]
    for some, quota in ((own, _OF_AGENT), (jobs, _OF_ORGANIZATION)):
        _refuse(some, quota, request)


def _refuse(jobs: Sequence[Job], quota: _Quota, request: JobRequested) -> None:
    under_way = sum(not job.ended for job in jobs)
    if under_way >= quota.at_once:
        raise TooManyAttemptsError(
            f"{quota.whose} {under_way} jobs under way, as many as allowed: "
            "try again when one of them has ended.",
            _SOON_S,
        )
    recent = sorted(
        (job for job in jobs if job.request.at > request.at - _HOUR), key=lambda job: job.request.at
    )
    if len(recent) >= quota.an_hour:
        raise TooManyAttemptsError(
            f"{quota.whose} requested {len(recent)} jobs within an hour, as many as allowed: "
            "name more conversations in each.",
            _until(recent[len(recent) - quota.an_hour], request.at),
        )
    has = sum(map(_count_conversations, recent))
    wants = max(_count_conversations(Job(request=request)), 1)
    if has + wants > quota.ids_an_hour:
        raise TooManyAttemptsError(
            f"{quota.whose} requested changes to {has} conversations within an hour, and "
            f"{quota.ids_an_hour} may be changed: wait, or name fewer.",
            _until(_makes_room(recent, has + wants - quota.ids_an_hour), request.at),
        )


def _count_conversations(job: Job) -> int:
    """The number of conversations as which a job counts. The number that a filter selects is known
    too late to refuse the job. So a job counts as no more than an agent's whole quota, and does not
    use up that of the organization."""
    return min(size(job), BULK_IDS_AN_HOUR_OF_AGENT)


def _makes_room(recent: Sequence[Job], surplus: int) -> Job:
    """The job after which enough conversations are older than an hour."""
    for job in recent:
        surplus -= _count_conversations(job)
        if surplus <= 0:
            return job
    return recent[-1]


def _until(job: Job, now: datetime) -> int:
    """In how many seconds the job is more than an hour old."""
    return max(1, int((job.request.at + _HOUR - now).total_seconds()) + 1)
