"""How the rulebook is filled in, on a page and sources of its own."""

import pytest

from docs.rulebook import ROOT, Sources, entries, fill_in, find_decided_ids

AT = ROOT / "docs/reference/page.md"
MODULE = ROOT / "services/router/src/tuyen_router/domain/sticky.py"
TEST = ROOT / "tests/router/domain/test_sticky.py"

PAGE = """# Page

Words.

## R3 · Area

| a | table |

### R3.1 · First

What it says.

### R3.2 · Second

A plan.

**Not yet:** all of it.
"""

FILLED_IN = """# Page

Words.

## R3 · Area

| a | table |

### R3.1 · First

What it says.

- Decided in: [tuyen_router/domain/sticky.py]
- Tests: [tests/router/domain/test_sticky.py] (3)

### R3.2 · Second

A plan.

**Not yet:** all of it.

[tests/router/domain/test_sticky.py]: ../../tests/router/domain/test_sticky.py
[tuyen_router/domain/sticky.py]: ../../services/router/src/tuyen_router/domain/sticky.py
"""

SOURCES = Sources({"R3.1": [MODULE]}, {"R3.1": {TEST: 3}})


def test_each_rule_gets_its_modules_and_tests() -> None:
    assert fill_in(PAGE, AT, SOURCES) == FILLED_IN


def test_filling_in_again_changes_nothing() -> None:
    assert fill_in(FILLED_IN, AT, SOURCES) == FILLED_IN


def test_what_the_sources_no_longer_contain_is_removed() -> None:
    assert fill_in(FILLED_IN, AT, Sources()) == PAGE


def test_what_a_person_wrote_is_distinguished_from_what_is_filled_in() -> None:
    area, first, second = entries(FILLED_IN)
    assert (area.id, area.is_area, area.text) == ("R3", True, "| a | table |")
    assert (first.id, first.is_area, first.text) == ("R3.1", False, "What it says.")
    assert not first.is_missing
    assert second.is_missing


@pytest.mark.parametrize(
    ("docstring", "ids"),
    [
        ("What it is.\n\nDecides R3.1.", ["R3.1"]),
        ("What it is.\n\nDecides R3.1, P5a\nand INV4.", ["R3.1", "P5a", "INV4"]),
        (
            "What it is.\n\nDecides R9.1.\n\nWorks around traps 2 and 4 (`X.md`).",
            ["R9.1", "2", "4"],
        ),
        ("What it is.", []),
    ],
)
def test_a_module_says_what_it_decides(docstring: str, ids: list[str]) -> None:
    assert find_decided_ids(docstring) == ids


def test_a_paragraph_that_is_no_list_of_ids_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no list of ids"):
        find_decided_ids("Decides R3.1 where it can.")
