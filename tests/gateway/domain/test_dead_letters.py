"""Whose a dead letter is, and what its organization may read of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tuyen_events.dead_letters import DeadLettered
from tuyen_events.ids import OrganizationId
from tuyen_events.topics import TOPICS
from tuyen_gateway.domain.dead_letters import DeadLetter, describe_error, find_owner

AT = datetime(2026, 11, 21, 8, tzinfo=UTC)


def letter(service: str, origin: str, **fields: Any) -> DeadLettered:
    given: dict[str, Any] = {"delivery_id": "d", "error": "E: secret", "payload": "{}", **fields}
    return DeadLettered(service=service, origin=origin, at=AT, **given)


THEIRS = '{"organization": "victim"}'


@pytest.mark.parametrize(
    ("found", "owner"),
    [
        (letter("ingest", "facebook", owners={"104": "shop/page"}), ("shop", "page")),
        (letter("ingest", "facebook", owners={"104": ""}), (None, None)),
        (letter("ingest", "facebook"), (None, None)),
        (letter("ingest", "livechat", payload=THEIRS), (None, None)),
        (letter("ingest", "inbound", payload=THEIRS), (None, None)),
        (letter("router", "inbound", payload=THEIRS), ("victim", None)),
        (letter("crm", "contacts", payload=THEIRS), ("victim", None)),
        (letter("crm", "crm-commands", payload="{"), (None, None)),
        (letter("presence", "presence-signals", payload="no"), (None, None)),
        (letter("gateway", "marks", payload='{"organization": 1}'), (None, None)),
        (letter("gateway", "of-a-later-version", payload=THEIRS), (None, None)),
        (letter("gateway", "marks", payload="[" * 5_000), (None, None)),
        (letter("gateway", "marks", payload="\ud800"), (None, None)),
    ],
)
def test_r7_2_a_dead_letter_belongs_to_whom_we_know_it_belongs_to(
    found: DeadLettered, owner: tuple[str | None, str | None]
) -> None:
    assert find_owner(found, TOPICS) == owner


@pytest.mark.parametrize(("service", "told"), [("ingest", True), ("crm", False)])
def test_r7_2_an_error_of_a_service_is_told_to_the_operator_alone(service: str, told: bool) -> None:
    found = DeadLetter(
        id="evt_1",
        organization=OrganizationId("shop"),
        page_id=None,
        service=service,
        origin="inbound",
        delivery_id="d",
        error="E: secret",
        payload="{}",
        at=AT,
        partition=0,
        offset=0,
        changed=0,
    )
    assert ("secret" in describe_error(found)) is told
