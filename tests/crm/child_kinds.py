"""Every kind of child, with something that it may consist of and something else."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from tuyen_crm.entities import BY_NAME, AnyEntity
from tuyen_events.crm.appointments import AppointmentState
from tuyen_events.crm.deals import DealStage, Money
from tuyen_events.crm.records import ChildCommand, ChildEvent
from tuyen_events.crm.tasks import TaskState
from tuyen_events.crm.tickets import TicketPriority, TicketState
from tuyen_events.ids import AgentId, ContactId, OrganizationId
from tuyen_views.view import ChildDocument

MOMENT = datetime(2026, 9, 21, 12, tzinfo=UTC)
SHOP, CONTACT, HOA = OrganizationId("hoa-sen"), ContactId("con_1"), AgentId("hoa")


@dataclass(frozen=True)
class KindOfChild:
    """`content` names every field; `changed` is a change, which is called `vi` and `en`."""

    name: str
    content: dict[str, Any]
    changed: dict[str, Any]
    vi: str
    en: str
    thing: tuple[str, str, str]
    """What it is called in Vietnamese and in English, and with which title in the history."""
    reminds_at: datetime | None = None
    """When the assignee is reminded, if it is something of which one is."""
    names: dict[str, str] = field(default_factory=dict)
    """The names that callers know, where they differ from those of the document."""

    @property
    def one(self) -> str:
        return self.name.removesuffix("s")

    @property
    def entity(self) -> AnyEntity:
        return BY_NAME[self.name]

    def shown_as(self, name: str) -> str:
        """The name of a field, as callers know it."""
        return self.names.get(name, name)

    def ask(self, which: int, child_id: str = "p_1", **fields: Any) -> ChildCommand:
        """A command: 0 adds, 1 changes, 2 removes."""
        command = self.entity.commands[which]
        assert issubclass(command, ChildCommand)
        return command(
            command_id="cmd_1",
            organization=SHOP,
            contact_id=CONTACT,
            at=MOMENT,
            by=HOA,
            **{f"{self.one}_id": child_id, **fields},
        )

    def happened(self, which: int, sequence: int = 8, **fields: Any) -> ChildEvent:
        """An event: 0 added, 1 changed, 2 removed."""
        event = self.entity.events[which]
        assert issubclass(event, ChildEvent)
        return event(
            organization=SHOP,
            contact_id=CONTACT,
            sequence=sequence,
            order=40,
            caused_by="cmd_1",
            **{f"{self.one}_id": "p_1", "at": MOMENT, "by": HOA, **fields},
        )

    def show(
        self, organization: str, contact: str, number: int = 1, **fields: Any
    ) -> ChildDocument:
        """Its document, with the id `note_1`, as if the CRM had folded it."""
        document: ChildDocument = self.entity.view.document(
            **{
                "key": f"{organization}/{self.one}_{number}/{contact}",
                "id": f"{self.one}_{number}",
                "organization": organization,
                "contact_id": contact,
                "place": f"{number:015d}.{number:09d}.{contact}",
                "sequence": number,
                "created_at": MOMENT,
                "created_by": HOA,
                "updated_at": MOMENT,
                **self.content,
                **fields,
            }
        )
        return document


NOTES = KindOfChild(
    name="notes",
    content={"text": "Thích giày size 42."},
    changed={"text": "Thích giày size 43."},
    vi="sửa một ghi chú.",
    en="changed a note.",
    thing=("một ghi chú", "a note", ""),
)
TASKS = KindOfChild(
    name="tasks",
    content={
        "title": "Gọi lại",
        "due_at": datetime(2026, 9, 22, 3, tzinfo=UTC),
        "remind_at": datetime(2026, 9, 22, 2, 30, tzinfo=UTC),
        "assignee": AgentId("lan"),
        "state": TaskState.OPEN,
    },
    changed={"state": TaskState.DONE},
    vi="hoàn thành công việc “Gọi lại”.",
    en="completed the task “Gọi lại”.",
    thing=("công việc", "the task", " “Gọi lại”"),
    reminds_at=datetime(2026, 9, 22, 2, 30, tzinfo=UTC),
)
DEALS = KindOfChild(
    name="deals",
    content={
        "name": "Sỉ 40 đôi",
        "value": Money(amount="18000000", currency="VND"),
        "stage": DealStage.OPEN,
        "expected_close": date(2026, 10, 15),
        "assignee": AgentId("lan"),
    },
    changed={"stage": DealStage.WON, "value": Money(amount="20000000", currency="VND")},
    vi="chốt thành công giao dịch “Sỉ 40 đôi”.",
    en="won the deal “Sỉ 40 đôi”.",
    thing=("giao dịch", "the deal", " “Sỉ 40 đôi”"),
)
TICKETS = KindOfChild(
    name="tickets",
    content={
        "title": "Giày bong keo",
        "description": "Sau ba ngày.",
        "priority": TicketPriority.HIGH,
        "state": TicketState.OPEN,
        "assignee": AgentId("lan"),
    },
    changed={"state": TicketState.SOLVED, "description": None},
    vi="giải quyết xong phiếu hỗ trợ “Giày bong keo”.",
    en="solved the ticket “Giày bong keo”.",
    thing=("phiếu hỗ trợ", "the ticket", " “Giày bong keo”"),
    names={"title": "subject"},
)
APPOINTMENTS = KindOfChild(
    name="appointments",
    content={
        "title": "Thử giày",
        "starts_at": datetime(2026, 9, 23, 2, tzinfo=UTC),
        "ends_at": datetime(2026, 9, 23, 3, tzinfo=UTC),
        "location": "Cửa hàng Lê Lợi",
        "remind_minutes": 30,
        "state": AppointmentState.PLANNED,
        "assignee": AgentId("lan"),
    },
    changed={"state": AppointmentState.MISSED},
    vi="đánh dấu khách lỡ lịch hẹn “Thử giày”.",
    en="noted that the contact missed the appointment “Thử giày”.",
    thing=("lịch hẹn", "the appointment", " “Thử giày”"),
    reminds_at=datetime(2026, 9, 23, 1, 30, tzinfo=UTC),
    names={"location": "place"},
)
KINDS = (NOTES, TASKS, DEALS, TICKETS, APPOINTMENTS)
