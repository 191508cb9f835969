"""The index of contacts by their keys."""

from collections.abc import Set

from hypothesis import given
from hypothesis import strategies as st

from crm.decided import Decided
from tuyen_crm.contact_index import ContactIndex, IndexChanges, note_index_changes
from tuyen_crm.organization_state import UnitOfWork
from tuyen_events.ids import ContactId, OrganizationId

KEYS = st.frozensets(st.sampled_from(["a", "b", "c"]))


@given(st.lists(st.tuples(st.sampled_from(["1", "2", "3"]), KEYS)))
def test_a_changed_index_is_as_one_that_is_read_anew(steps: list[tuple[str, set[str]]]) -> None:
    have: dict[ContactId, frozenset[str]] = {}
    changed = ContactIndex()
    for name, keys in steps:
        contact, changes = ContactId(name), IndexChanges()
        note_index_changes(changes, contact, have.get(contact, frozenset()), keys)
        changed.change(changes)
        have[contact] = frozenset(keys)
    anew = ContactIndex()
    for contact, known in have.items():
        for key in known:
            anew.add(key, contact)
    for key in ("a", "b", "c"):
        expected = {contact for contact, known in have.items() if key in known}
        assert changed.look_up(key) == anew.look_up(key) == expected


class Compared(str):
    """An id that counts how often any is compared."""

    times = 0

    def __lt__(self, other: str) -> bool:
        Compared.times += 1
        return str.__lt__(self, other)

    __hash__ = str.__hash__


def test_the_first_of_many_contacts_are_found_without_sorting_all() -> None:
    index = ContactIndex()
    many = [f"con_{7 * number % 4_001}" for number in range(4_001)]
    for one in many:
        index.add("hoa-sen/a", ContactId(Compared(one)))

    class Before(Decided):
        def look_up(self, key: str) -> Set[ContactId]:
            return index.look_up(key)

    work = UnitOfWork(OrganizationId("hoa-sen"), Before(), 1)
    work.index_changes = {"hoa-sen/a": {ContactId("con_0"): False, ContactId("a"): True}}
    assert work.find("a", 3) == work.find("a")[:3] == ["a", "con_1", "con_10"]
    Compared.times = 0
    work.find("a", 3)
    assert Compared.times < 2 * len(many)
