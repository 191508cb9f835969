"""Every rule and trap that is cited is defined, decided somewhere, and held by a test."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.rulebook import (
    ROOT,
    RULES,
    TRAPS,
    Entry,
    entries,
    fill_in,
    find_cited_ids,
    find_held_ids,
    read_sources,
    traps_cited_in,
)

MOST_MODULES = 2
"""A rule is decided in one module, or in two where it honestly has two halves."""

SOURCES = read_sources()
RULEBOOK = {entry.id: entry for entry in entries(RULES.read_text())}
ONE_BY_ONE = [entry for entry in RULEBOOK.values() if not entry.is_area]
LISTED_TRAPS = [entry.id for entry in entries(TRAPS.read_text())]

_WRITTEN = {".py", ".md", ".toml", ".json", ".xml", ".yaml"}
_FROM_CHANNELS = ROOT / "tests/support/payloads"
_FROM_NPM = {"node_modules", "package-lock.json"}


def _files() -> Iterator[Path]:
    """Everything that people write, and the contracts that are made of it."""
    places = [ROOT / name for name in ("libs", "services", "deploy", "docs", "tests")]
    found = [*ROOT.glob("*.md"), *ROOT.glob("*.toml"), ROOT / "Makefile"]
    found += [path for place in places for path in place.rglob("*") if path.suffix in _WRITTEN]
    for path in sorted(found):
        if path == Path(__file__) or path.is_relative_to(_FROM_CHANNELS):
            continue
        if not _FROM_NPM.intersection(path.parts):
            yield path


def _format_entry(entry: Entry) -> str:
    return entry.id


def test_every_id_that_is_cited_is_defined() -> None:
    undefined = {
        f"{path.relative_to(ROOT)}: {one}"
        for path in _files()
        for one in find_cited_ids(path.read_text())
        if one not in RULEBOOK
    }
    assert not undefined


def test_every_id_that_a_module_or_a_test_claims_is_defined() -> None:
    assert SOURCES.modules.keys() | SOURCES.tests.keys() <= RULEBOOK.keys() | set(LISTED_TRAPS)


@pytest.mark.parametrize("entry", ONE_BY_ONE, ids=_format_entry)
def test_a_rule_is_decided_and_held_or_says_what_is_missing(entry: Entry) -> None:
    modules = SOURCES.modules.get(entry.id, ())
    if entry.is_missing:
        assert not modules, "what does not exist yet is decided nowhere"
        return
    assert modules, "a module has to say `Decides ...` of it in its docstring"
    assert len(modules) <= MOST_MODULES
    assert SOURCES.tests.get(entry.id), "a test's name has to begin with it"


@pytest.mark.parametrize("entry", list(RULEBOOK.values()), ids=_format_entry)
def test_a_rule_is_defined_in_words(entry: Entry) -> None:
    assert entry.text


def test_an_id_is_defined_once() -> None:
    ids = [entry.id for entry in entries(RULES.read_text())]
    assert len(ids) == len(set(ids))


def test_every_trap_that_is_cited_is_listed() -> None:
    cited = {number for path in _files() for number in traps_cited_in(path.read_text())}
    assert cited <= set(LISTED_TRAPS)


@pytest.mark.parametrize("trap", LISTED_TRAPS)
def test_a_trap_is_worked_around_and_held(trap: str) -> None:
    assert SOURCES.modules.get(trap), "a module has to say `Works around trap ...` of it"
    assert SOURCES.tests.get(trap), "a test's name has to begin with `test_trap_...`"


@pytest.mark.parametrize("page", [RULES, TRAPS], ids=lambda page: page.name)
def test_what_is_filled_in_is_what_the_sources_say(page: Path) -> None:
    assert page.read_text() == fill_in(page.read_text(), page, SOURCES), "run `make docs`"


def test_the_pages_links_lead_somewhere() -> None:
    page = RULES.read_text()
    headings = re.findall(r"^##+ (.+)$", page, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors
    for at in (RULES, TRAPS):
        for target in re.findall(r"^\[\S+\]: (\S+)$", at.read_text(), re.MULTILINE):
            assert (at.parent / target).is_file(), target


def test_nothing_cites_a_rule_by_its_place_in_a_list() -> None:
    """Such a number is defined nowhere: rules, invariants too, have ids."""
    by_place = re.compile(r"\binvariants? \d", re.IGNORECASE)
    assert not [path for path in _files() if by_place.search(path.read_text())]


@pytest.mark.parametrize(
    ("test", "ids"),
    [
        ("test_r3_3_the_new_one_is_remembered", ["R3.3"]),
        ("test_r2_1_210_comments_at_once", ["R2.1"]),
        ("test_r3_5_r5_3_an_answer_that_a_manager_overtook", ["R3.5", "R5.3"]),
        ("test_r1_to_r6_everything", ["R1"]),
        ("test_p5a_r9_2_a_root", ["P5a", "R9.2"]),
        ("test_inv6_replay_equals_live", ["INV6"]),
        ("test_trap_4_trap_5_what_raised", ["4", "5"]),
        ("test_p2_200_means", ["P2"]),
        ("test_a_plain_name", []),
        ("r3_3_no_test", []),
    ],
)
def test_a_tests_name_says_what_it_holds(test: str, ids: list[str]) -> None:
    assert find_held_ids(test) == ids


def test_ids_are_distinguished_from_what_looks_like_them() -> None:
    text = "R3.3, R4 (P5c), INV4; L1 to L3. Not S101, gi%C3%A0y, W1tb, UTF-8, A4 or 1R2."
    assert find_cited_ids(text) == {"R3.3", "R4", "P5c", "INV4", "L1", "L3"}
    assert traps_cited_in("Traps 4, 5 and 11; trap 2.") == {"2", "4", "5", "11"}
