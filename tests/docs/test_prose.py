"""Docstrings, comments and documents avoid the worst of the phrases that CONTRIBUTING.md warns of.

The list contains phrases whose meaning a newcomer has to guess, each with what to write instead.
Code is exempt: strings, fenced blocks, text between backticks, and the targets of links.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]

PHRASES: dict[str, str] = {
    r"(behind|above|below) (an?|the|that|this|those|its|their|our)( \w+)? offsets?": (
        "after, before, or from an offset on"
    ),
    r"at or behind": "at or after",
    r"(latest|last) words? of": "the latest report, record or state of",
    r"st(and|ands|ood) (in(?! for)|at|behind|below|above|under|before|beside)": (
        "is in, at, after or before"
    ),
    r"(tells?|told) (again|once more|in part|of)": "publish, report, or send again",
    r"(those|ones?|everybody) who waits?": "the waiting conversations",
    r"put(s|ting)? (it |them |that |one )?aside": "send to the dead letters",
    r"pass(es|ed|ing)? by": "skip",
    r"bur(y|ies|ied)": "send to the dead letters",
    r"c(o|a)mes? to nothing": "have no effect",
    r"let(s|ting)? go( of)?": "forget, or drop",
    r"call(s|ed|ing)? (it )?done": "mark as done",
    r"(is|are|was|were|no) news": "new, or a duplicate",
    r"brak(es?|ed|ing)": "throttle",
    r"insist(s|ed|ing)?": "retry",
    r"nobody expected": "unexpected",
    r"anew": "again",
    r"nobody's to \w+": "is assigned to nobody",
    r"c(o|a)m(es?|ing) again": "is redelivered, or read again",
    r"hear(s|d)? of": "learn of, or report",
    r"surroundings": "the environment",
    r"in vain|much ado": "without a result",
    r"ma(k|d)e ready": "encode",
    r"(an?|the|each|one|per|whole|every|fetched|next|last) chunks?": "batch",
}
"""A phrase, as a pattern in which a space is any white space, and what to write instead."""

_PATTERNS = [
    (re.compile(rf"\b(?:{phrase})\b".replace(" ", r"\s+"), re.IGNORECASE), instead)
    for phrase, instead in PHRASES.items()
]
_CODE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)", re.DOTALL)
_SKIPPED = {".venv", "var", "node_modules"}


class Prose(NamedTuple):
    """A docstring, a comment or a document, and the line at which it begins."""

    line: int
    text: str


def files() -> list[Path]:
    found = [path for kind in ("*.py", "*.md") for path in ROOT.rglob(kind)]
    return [
        path
        for path in sorted(found)
        if path != Path(__file__)
        and not any(
            part in _SKIPPED or part.startswith(".") for part in path.relative_to(ROOT).parts
        )
    ]


def prose_of(path: Path) -> Iterator[Prose]:
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield Prose(1, _without_the_words_to_avoid(source))
        return
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str() as text)):
                yield Prose(node.lineno, text)
            case _:
                pass
    yield from _comments(source)


def _without_the_words_to_avoid(document: str) -> str:
    """CONTRIBUTING.md lists them in the last column of its table of words."""
    head, mark, rest = document.partition("| write | for | do not write |")
    rows = [re.sub(r"\|[^|]*\|$", "||", row) for row in rest.split("\n")]
    return head + mark + "\n".join(rows) if mark else document


def _comments(source: str) -> Iterator[Prose]:
    """Comments on successive lines are one text."""
    first, last, text = 0, 0, ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        line, words = token.start[0], token.string.lstrip("# ")
        if line != last + 1:
            if text:
                yield Prose(first, text)
            first, text = line, ""
        last, text = line, f"{text}\n{words}" if text else words
    if text:
        yield Prose(first, text)


def faults_in(prose: Prose) -> Iterator[tuple[int, str]]:
    text = _CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), prose.text)
    for pattern, instead in _PATTERNS:
        for match in pattern.finditer(text):
            line = prose.line + text.count("\n", 0, match.start())
            yield line, f"{' '.join(match[0].split())!r}: write {instead!r}"


def test_prose_keeps_to_the_words_of_the_field() -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{line}: {fault}"
        for path in files()
        for prose in prose_of(path)
        for line, fault in faults_in(prose)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "text",
    [
        "An event behind that offset is new.",
        "The record stands in\n    the log.",
        "What nobody expected ends the process.",
    ],
)
def test_a_phrase_of_the_list_is_found_also_across_lines(text: str) -> None:
    assert list(faults_in(Prose(1, text)))


@pytest.mark.parametrize(
    "text", ["It stands for one record.", "Run `make chunk`, or `the chunk`.", "Read it again."]
)
def test_plain_words_and_code_are_not_refused(text: str) -> None:
    assert not list(faults_in(Prose(1, text)))
