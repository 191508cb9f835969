"""The table of `docs/console.md` names a view for every rule that a person touches."""

import re
from pathlib import Path

import pytest

from docs.rulebook import RULES, entries
from tuyen_gateway.api.console import POLICY, VIEWS
from tuyen_local.console import NODE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/console.md").read_text(encoding="utf-8")
SOURCES = ROOT / "services/gateway/console/src"
OF_THESE_CHAPTERS = r"[IPCWSL]\d+[a-z]?"
ROWS = {
    rule: (does, where)
    for rule, does, where in re.findall(
        rf"^\| ({OF_THESE_CHAPTERS}) \| (.+?) \| (.*?) ?\|$", PAGE, re.MULTILINE
    )
}


def test_every_rule_of_these_chapters_is_in_the_table() -> None:
    rules = [
        entry.id
        for entry in entries(RULES.read_text(encoding="utf-8"))
        if not entry.is_area and re.fullmatch(OF_THESE_CHAPTERS, entry.id)
    ]
    assert len(rules) > 40
    assert sorted(ROWS) == sorted(rules)


@pytest.mark.parametrize("rule", ROWS)
def test_each_view_that_is_named_exists(rule: str) -> None:
    does, where = ROWS[rule]
    named = re.findall(r"`/([^`/]+)", where)
    if does.startswith("nothing"):
        assert not where
    else:
        assert named or where.startswith("every view")
    assert set(named) <= set(VIEWS)


def test_the_gateway_serves_the_views_that_the_console_has() -> None:
    router = (SOURCES / "router.ts").read_text(encoding="utf-8")
    listed = re.search(r"VIEWS = \[(.*?)\]", router, re.DOTALL)
    assert listed is not None
    assert re.findall(r"'(\w+)'", listed[1]) == list(VIEWS)


def test_the_policy_is_the_one_that_is_sent() -> None:
    (block,) = re.findall(r"```\n(default-src.*?)```", PAGE, re.DOTALL)
    assert " ".join(block.split()) == POLICY


@pytest.mark.parametrize("page", ["README.md", "docs/console.md", "Makefile"])
def test_the_version_of_node_is_the_one_that_is_asked_for(page: str) -> None:
    told = set(re.findall(r"Node (\d+\.\d+)", (ROOT / page).read_text(encoding="utf-8")))
    assert told == {f"{NODE[0]}.{NODE[1]}"}
