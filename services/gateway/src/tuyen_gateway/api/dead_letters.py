"""Dead letters: lists, retries and dismisses them; replays of stored bodies (P3, P4)."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import uuid4

from fastapi import APIRouter, Path, Query, Response, status
from pydantic import ConfigDict

from tuyen_events.dead_letters import LetterOutcome
from tuyen_events.ids import CHOSEN_ID_PATTERN, PageId
from tuyen_events.replays import LetterPlace, ReplayRequested, ReplayState
from tuyen_gateway.api.bodies import ChosenId, RequestBody, ResponseBody
from tuyen_gateway.api.crm.fields import MomentIn
from tuyen_gateway.api.dependencies import Administrator, Caller, GatewayPorts
from tuyen_gateway.api.jobs import JobView, view_replay
from tuyen_gateway.api.paging import CurrentPaging, Listed
from tuyen_gateway.api.problems import problems
from tuyen_gateway.domain.dead_letters import DeadLetter, describe_error
from tuyen_gateway.errors import ConflictError, InvalidError, NotFoundError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.dead_letters import Replay
from tuyen_gateway.ports.tables import WAIT_S

router = APIRouter(tags=["dead letters"])

LetterParam = Annotated[str, Path(pattern=CHOSEN_ID_PATTERN)]


class DeadLetterView(ResponseBody):
    """A part of a webhook's body, or a record, that could not be handled."""

    id: str
    service: str
    """The service that could not handle it."""
    origin: str
    """The channel or topic that it came from."""
    page_id: str | None
    delivery_id: str
    error: str
    payload: str
    """Its content; in a list, the beginning of it."""
    at: datetime
    state: Literal["open", "sent"]
    """`sent` once it could be read, and its events are in the log."""
    retry: str | None = None
    """In the answer to a retry: what came of it."""


class RawReplayIn(RequestBody):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"since": "2026-11-21T00:00:00Z", "until": "2026-11-22T00:00:00Z"}]
        }
    )

    since: MomentIn
    """Bodies that were accepted from here on; they are kept for thirty days."""
    until: MomentIn | None = None
    page: ChosenId | None = None
    """One page; without it, all of the organization."""


@router.get("/dead-letters", summary="List what could not be read", responses=problems(403))
async def list_dead_letters(
    caller: Administrator,
    gateway: GatewayPorts,
    paging: CurrentPaging,
    state: Annotated[Literal["open", "sent"], Query()] = "open",
) -> Listed[DeadLetterView]:
    """For the role `system_admin`: what belongs to pages of the organization, the newest first. It
    is kept for ninety days."""
    organization = caller.organization.id
    outcome = LetterOutcome.SENT if state == "sent" else None
    page = await gateway.dead_letters.list_letters(
        organization, outcome, paging.limit, paging.after
    )
    position = await gateway.dead_letters.position(organization)
    return Listed(
        items=[_view(letter) for letter in page.items],
        next=paging.cursor(page.following),
        position=gateway.cipher.encrypt_deterministic(f"dead-letters/{organization}", position),
    )


@router.get("/dead-letters/{letter_id}", summary="One dead letter", responses=problems(403, 404))
async def get_dead_letter(
    letter_id: LetterParam, caller: Administrator, gateway: GatewayPorts
) -> DeadLetterView:
    """For the role `system_admin`."""
    return _view(await _find(gateway, caller, letter_id))


@router.post(
    "/dead-letters/{letter_id}/retry",
    summary="Send a dead letter again",
    responses={
        202: {"model": DeadLetterView, "description": "It is not decided yet: `GET` it later"},
        **problems(403, 404, 409),
    },
)
async def retry_dead_letter(
    letter_id: LetterParam, caller: Administrator, gateway: GatewayPorts, response: Response
) -> DeadLetterView:
    """For the role `system_admin`. Ingest reads it again: after a fix, its events reach the inbox
    with the ids and times that they had from the beginning, so doing this twice changes nothing.
    `200` with the result in `retry`, or `202` if there is none within five seconds. An event of a
    channel that another service could not handle is published again, for all services. `409` for
    any other record, and for an event that is not stored any more."""
    letter = await _find(gateway, caller, letter_id)
    if letter.outcome is LetterOutcome.SENT:
        return _view(letter)
    if not letter.can_be_read_again:
        return await _publish_again(letter, caller, gateway)
    request = _request(
        caller,
        gateway,
        letter=LetterPlace(letter_id=letter.id, partition=letter.partition, offset=letter.offset),
    )
    await gateway.replays.ask(request)
    if not await gateway.replays.wait_until_ended(request.replay_id, WAIT_S):
        response.status_code = status.HTTP_202_ACCEPTED
    await gateway.dead_letters.wait_until_caught_up()
    found = gateway.replays.find(caller.organization.id, request.replay_id)
    return _view(await _find(gateway, caller, letter_id), _describe(found))


async def _publish_again(letter: DeadLetter, caller: Caller, gateway: Gateway) -> DeadLetterView:
    if letter.event_place is None:
        raise ConflictError(
            f"This record of {letter.origin!r} is none that a channel sent: {letter.service!r} "
            "could not handle it, and it cannot be sent again by itself. Dismiss it."
        )
    by, now = caller.viewer.agent_id, gateway.clock.now()
    if not await gateway.dead_letters.publish_again(letter, by, now):
        raise ConflictError(
            "The event is not stored any more: replay the bodies of its time with "
            "`POST /v1/raw/replay`, or dismiss it."
        )
    sent = await _find(gateway, caller, letter.id)
    return _view(sent, "It was published again, for all services.")


@router.delete(
    "/dead-letters/{letter_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Dismiss a dead letter",
    responses=problems(403, 404),
)
async def dismiss_dead_letter(
    letter_id: LetterParam, caller: Administrator, gateway: GatewayPorts
) -> None:
    """For the role `system_admin`. It is not listed any more, and no replay of dead letters reads
    it."""
    letter = await _find(gateway, caller, letter_id)
    await gateway.dead_letters.dismiss(letter, caller.viewer.agent_id, gateway.clock.now())


@router.post(
    "/raw/replay",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Read stored webhooks again",
    responses=problems(403, 404, 409),
)
async def replay_raw(body: RawReplayIn, caller: Administrator, gateway: GatewayPorts) -> JobView:
    """For the role `system_admin`: reads the bodies of a stretch again, as far as they belong to
    pages of the organization, and writes what is missing. What is in the log already is not
    duplicated, and what was written to a page for another organization is not read. A job, which
    `GET /v1/jobs/{id}` shows."""
    now = gateway.clock.now()
    if body.until is not None and body.until <= body.since:
        raise InvalidError("until", "It must be later than `since`.")
    if body.since > now:
        raise InvalidError("since", "It must not be in the future.")
    page = None if body.page is None else PageId(body.page)
    if page is not None and page not in caller.organization.pages:
        raise InvalidError("page", f"There is no page {body.page!r}.")
    request = _request(caller, gateway, since=body.since, until=body.until, page_id=page)
    await gateway.replays.ask(request)
    found = gateway.replays.find(caller.organization.id, request.replay_id)
    return view_replay(found or Replay(request, None))


def _request(
    caller: Caller,
    gateway: Gateway,
    *,
    letter: LetterPlace | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    page_id: PageId | None = None,
) -> ReplayRequested:
    return ReplayRequested(
        replay_id=f"rpl_{uuid4().hex}",
        organization=caller.organization.id,
        at=gateway.clock.now(),
        by=caller.viewer.agent_id,
        since=since,
        until=until,
        page_id=page_id,
        letter=letter,
    )


async def _find(gateway: Gateway, caller: Caller, letter_id: str) -> DeadLetter:
    letter = await gateway.dead_letters.find(caller.organization.id, letter_id)
    if letter is None or letter.outcome is LetterOutcome.DISMISSED:
        raise NotFoundError(f"There is no dead letter {letter_id!r}.")
    return letter


def _describe(replay: Replay | None) -> str | None:
    progress = None if replay is None else replay.progress
    if progress is None or progress.state is ReplayState.RUNNING:
        return "It waits to be read again."
    if progress.detail is not None:
        return progress.detail
    if progress.failures:
        return "It still cannot be read."
    if progress.withheld:
        return "Its page belongs to another organization now."
    if not progress.events:
        return "Its page is not connected, or nothing in it is of use."
    return f"It was read: {progress.events} events."


def _view(letter: DeadLetter, retry: str | None = None) -> DeadLetterView:
    return DeadLetterView(
        id=letter.id,
        service=letter.service,
        origin=letter.origin,
        page_id=letter.page_id,
        delivery_id=letter.delivery_id,
        error=describe_error(letter),
        payload=letter.payload,
        at=letter.at,
        state="sent" if letter.outcome is LetterOutcome.SENT else "open",
        retry=retry,
    )
