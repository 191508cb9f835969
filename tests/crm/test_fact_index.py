"""Which contacts have a fact in common."""

from hypothesis import given
from hypothesis import strategies as st

from tuyen_crm.fact_index import FactChanges, FactIndex, note_facts
from tuyen_events.ids import ContactId

FACTS = st.frozensets(st.sampled_from(["a", "b", "c"]))


@given(st.lists(st.tuples(st.sampled_from(["1", "2", "3"]), FACTS)))
def test_a_changed_index_is_as_one_that_is_read_anew(steps: list[tuple[str, set[str]]]) -> None:
    have: dict[ContactId, frozenset[str]] = {}
    changed = FactIndex()
    for name, facts in steps:
        contact, changes = ContactId(name), FactChanges()
        note_facts(changes, contact, have.get(contact, frozenset()), facts)
        changed.change(changes)
        have[contact] = frozenset(facts)
    anew = FactIndex()
    for contact, known in have.items():
        for fact in known:
            anew.add(fact, contact)
    for fact in ("a", "b", "c"):
        expected = {contact for contact, known in have.items() if fact in known}
        assert changed.holders(fact) == anew.holders(fact) == expected
