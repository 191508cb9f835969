from gateway.live.shop import SHOP
from tuyen_events.ids import ConversationId, MessageId, OrganizationId
from tuyen_gateway.domain.live import Changes, JournalPosition
from tuyen_gateway.live.recent import RecentChanges
from tuyen_gateway.ports.live import JournalEntry

OTHER = OrganizationId("other")


def entry(
    seconds: int, number: int = 1, organization: OrganizationId = SHOP, size: int = 1
) -> JournalEntry:
    noted = tuple((ConversationId("c"), MessageId(f"m{each}")) for each in range(size))
    return JournalEntry(
        id=f"{organization}/{seconds}/{number}",
        organization=organization,
        place=JournalPosition(seconds, number),
        changes=Changes(messages=noted),
    )


def test_i13_what_follows_a_place_is_of_the_organization_alone() -> None:
    recent = RecentChanges(JournalPosition(0, 0))
    for each in (entry(1), entry(1, 2, OTHER), entry(2), entry(3)):
        assert recent.add(each)
    found = recent.since(SHOP, JournalPosition(2, 1), JournalPosition(2, 1, 9))
    assert [one.place for one in found] == [JournalPosition(2, 1)]
    assert recent.ids(OTHER) == {"other/1/2"}


def test_r9_6_the_oldest_changes_are_dropped_and_the_floor_rises() -> None:
    recent = RecentChanges(JournalPosition(0, 0), most=10)
    for seconds in range(1, 8):
        recent.add(entry(seconds, size=3))
    assert recent.floor == JournalPosition(4, 1)
    found = recent.since(SHOP, recent.floor, recent.last)
    assert [one.place for one in found] == [
        JournalPosition(5, 1),
        JournalPosition(6, 1),
        JournalPosition(7, 1),
    ]


def test_an_entry_that_is_read_again_is_not_taken_again() -> None:
    """Two organizations have entries of one commit; the connection breaks between the two."""
    recent = RecentChanges(JournalPosition(0, 0))
    assert recent.add(entry(1))
    assert recent.add(entry(2))
    assert not recent.add(entry(2))
    assert recent.add(entry(2, organization=OTHER))
    assert not recent.add(entry(1))
    assert recent.last == JournalPosition(2, 1)
