from gateway.live.shop import SHOP, at
from tuyen_events.ids import AgentId, ConversationId, MessageId, PageId
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.domain.live import Changes, JournaledRow, JournalPosition, RowChange
from tuyen_gateway.domain.visibility import Assignees, Scope
from tuyen_gateway.live.steps import MessageStep, RowStep, StatesStep, plan_steps
from tuyen_gateway.ports.live import JournalEntry, OurMessages

C, D = ConversationId("c"), ConversationId("d")
LAN = Scope(organization=SHOP, agent_id=AgentId("lan"), pages=None, assignees=Assignees.OWN)


def journaled_row(assignee: str | None) -> JournaledRow:
    agent = None if assignee is None else AgentId(assignee)
    return JournaledRow(
        PageId("p"), Channel.FACEBOOK, ConversationKind.MESSAGE, agent, True, None, (), ()
    )


def change(
    revision: int, before: str | None, after: str | None, of: ConversationId = C
) -> RowChange:
    return RowChange(of, revision, journaled_row(before), journaled_row(after))


def entry(seconds: int, *rows: RowChange, messages: tuple[str, ...] = ()) -> JournalEntry:
    noted = tuple((C, MessageId(each)) for each in messages)
    return JournalEntry(
        id=str(seconds),
        organization=SHOP,
        place=JournalPosition(seconds, 1),
        changes=Changes(rows=rows, messages=noted),
    )


def test_each_entity_is_sent_once_after_its_last_change() -> None:
    steps = plan_steps(
        [
            entry(1, change(1, None, "lan"), change(1, None, None, D), messages=("m",)),
            entry(2, change(2, "lan", "minh"), messages=("n", "m")),
        ]
    )
    assert [(type(step), step.place) for step in steps] == [
        (RowStep, JournalPosition(1, 1, 2)),
        (RowStep, JournalPosition(2, 1, 1)),
        (MessageStep, JournalPosition(2, 1, 2)),
        (MessageStep, JournalPosition(2, 1, 3)),
    ]
    assert [step.conversation_id for step in steps] == [D, C, C, C]


def test_r7_3_all_changes_of_a_row_say_who_saw_it_and_who_lost_it() -> None:
    (step,) = plan_steps(
        [
            entry(1, change(1, None, "lan")),
            entry(2, change(2, "lan", "minh")),
            entry(3, change(3, "minh", "lan")),
        ]
    )
    assert isinstance(step, RowStep)
    assert step.was_shown(LAN)
    lapse = step.find_lapse(LAN)
    assert lapse is not None
    assert lapse.revision == 2
    (never,) = plan_steps([entry(1, change(1, None, "minh"))])
    assert isinstance(never, RowStep)
    assert not never.was_shown(LAN)
    assert never.find_lapse(LAN) is None


def test_i6_reports_of_one_conversation_are_joined() -> None:
    def report(revision: int, after: float | None, until: float) -> RowChange:
        begun = None if after is None else at(after)
        return RowChange(C, revision, None, journaled_row(None), True, True, begun, at(until))

    steps = plan_steps([entry(1, report(1, 2, 3)), entry(2, report(2, 3, 9))])
    assert [step.messages for step in steps if isinstance(step, StatesStep)] == [
        OurMessages(C, at(2), at(9))
    ]
    steps = plan_steps([entry(1, report(1, None, 3)), entry(2, report(2, 3, 9))])
    assert [step.messages for step in steps if isinstance(step, StatesStep)] == [
        OurMessages(C, None, at(9))
    ]


def test_without_a_place_no_step_has_one() -> None:
    looked_up = JournalEntry(
        id="1", organization=SHOP, place=None, changes=Changes(messages=((C, MessageId("m")),))
    )
    assert [step.place for step in plan_steps([looked_up])] == [None]
