"""Every link of the documents to a file or a heading of this repository leads there."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))

_FENCED = re.compile(r"^( *)```.*?^\1```$", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"`[^`]*`")
_TARGET = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$", re.MULTILINE)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert list(find_dead_links(page)) == []


def find_dead_links(page: Path) -> Iterator[str]:
    text = _CODE.sub("", _FENCED.sub("", page.read_text(encoding="utf-8")))
    for found in _TARGET.finditer(text):
        link = re.sub(r"\s+", "", found[1] or found[2])
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = (page.parent / path) if path else page
        if not target.exists() or (anchor and anchor not in list_anchors(target)):
            yield link


@cache
def list_anchors(page: Path) -> frozenset[str]:
    """The anchors that GitHub makes of the headings: lower case, hyphens for spaces, without
    punctuation, and with a number from the second one of the same words on."""
    anchors: set[str] = set()
    for heading in _HEADING.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        words = _LINK.sub(r"\1", heading).replace("`", "").strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        names = (f"{anchor}-{number}" if number else anchor for number in count())
        anchors.add(next(name for name in names if name not in anchors))
    return frozenset(anchors)


def test_what_leads_nowhere_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# W6 · Nobody else sees `them`\n\n## Again\n\n## Again\n\n"
        "[a](#w6--nobody-else-sees-them) [b](#again-1) [c](page.md#again) [d](https://example.com)\n"
        "`[no](link)` [e](#w6--nobody-else) [f](missing.md) [g](page.md#again-2) [h]\n\n"
        "```md\n# No heading\n[no](link)\n```\n\n[h]: absent.py\n"
    )
    assert list(find_dead_links(page)) == [
        "#w6--nobody-else",
        "missing.md",
        "page.md#again-2",
        "absent.py",
    ]
