"""Contacts in the tests of reports: where they come from, and at which steps they are."""

from datetime import datetime, timedelta
from typing import Any

from gateway.api.report_events import EVENING
from tuyen_events.crm.contacts import ContactAdded, ContactContent, ContactCreated, ContactPatched
from tuyen_events.crm.deals import DealAdded, DealChanged, DealId, DealStage, Money
from tuyen_events.crm.records import ContactEvent
from tuyen_events.crm.steps import StepChanged
from tuyen_events.ids import AgentId, ContactId, CustomerId, OrganizationId, PageId
from tuyen_events.vocabulary import Channel

LAN = AgentId("lan")


def contacts(organization: str = "shop", warehouse: str = "default") -> list[ContactEvent]:
    """At 23:30, two contacts come from a page and one from a file. Those of the page are put at a
    step 15 minutes later, and one of them moves on after midnight. On the next day, that of the
    file goes to another warehouse."""
    minute = timedelta(minutes=1)
    return [
        *(_created(n, EVENING, organization, warehouse) for n in (1, 2)),
        ContactAdded(
            **_about(3, 1, EVENING, organization),
            content=ContactContent(source="job_1", warehouse_id=warehouse),
            by=LAN,
        ),
        *(_moved(n, 2, EVENING + 15 * minute, organization, "new") for n in (1, 2)),
        _moved(1, 3, EVENING + 45 * minute, organization, "quoted"),
        ContactPatched(
            **_about(3, 2, EVENING + 60 * minute, organization), warehouse_id="away", by=LAN
        ),
    ]


def deals(warehouse: str = "default") -> list[ContactEvent]:
    """At 23:30, Lan has two deals with a contact that comes from a page, and one has no value. She
    wins the other after midnight, when the contact is at a step."""
    minute = timedelta(minutes=1)
    return [
        _created(7, EVENING, "shop", warehouse),
        _deal(2, EVENING, "won", Money(amount="18000000.50", currency="VND")),
        _deal(3, EVENING, "open", None),
        _moved(7, 4, EVENING + 15 * minute, "shop", "quoted"),
        DealChanged(
            **_about(7, 5, EVENING + 45 * minute, "shop"),
            deal_id=DealId("won"),
            stage=DealStage.WON,
            by=LAN,
        ),
    ]


def _deal(sequence: int, at: datetime, deal_id: str, value: Money | None) -> DealAdded:
    return DealAdded(
        **_about(7, sequence, at, "shop"),
        deal_id=DealId(deal_id),
        name="Sỉ",
        value=value,
        assignee=LAN,
        by=LAN,
    )


def _about(number: int, sequence: int, at: datetime, organization: str) -> dict[str, Any]:
    return {
        "organization": OrganizationId(organization),
        "contact_id": ContactId(f"{organization}-{number}"),
        "sequence": sequence,
        "caused_by": "cmd",
        "at": at,
    }


def _created(number: int, at: datetime, organization: str, warehouse: str) -> ContactCreated:
    return ContactCreated(
        **_about(number, 1, at, organization),
        customer_id=CustomerId(f"cus-{number}"),
        page_id=PageId("page"),
        channel=Channel.ZALO,
        external_id=str(number),
        warehouse_id=warehouse,
    )


def _moved(number: int, sequence: int, at: datetime, organization: str, step: str) -> StepChanged:
    return StepChanged(
        **_about(number, sequence, at, organization),
        pipeline_id="retail",
        pipeline="Bán lẻ",
        previous_step_id=None,
        previous_step=None,
        step_id=step,
        step=step,
        by=LAN,
    )
