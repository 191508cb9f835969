from tuyen_doubles.bounded import BoundedMap


def test_r9_6_the_entry_that_was_written_longest_ago_is_forgotten() -> None:
    entries: BoundedMap[str, int] = BoundedMap(2)
    for number, key in enumerate("abac"):
        entries.put(key, number)
    assert (entries.get("a"), entries.get("b"), entries.get("c")) == (2, None, 3)
    assert len(entries) == 2


def test_what_is_removed_is_returned_once() -> None:
    entries: BoundedMap[str, int] = BoundedMap(2)
    entries.put("a", 1)
    assert entries.pop("a") == 1
    assert entries.pop("a") is None
    assert "a" not in entries
