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
def test_each_view_that_is_named_exists_or_is_said_to_be_missing(rule: str) -> None:
    does, where = ROWS[rule]
    present, _, _ = where.partition("not yet")
    if does.startswith("nothing"):
        assert not where
        return
    assert where.startswith("every view") or _list_views(where)
    assert set(_list_views(where)) <= set(VIEWS)
    assert [view for view in _list_views(present) if not _has_source(view)] == []


def _list_views(addresses: str) -> list[str]:
    return re.findall(r"`/([^`/]+)", addresses)


def _has_source(view: str) -> bool:
    """The inbox is also the view of comments, of Zalo and of livechat."""
    folder = "inbox" if view in ("comments", "zalo", "livechat") else view
    return (SOURCES / "views" / folder / "view.tsx").is_file()


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
