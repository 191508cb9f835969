"""The rulebook, `docs/reference/rules.md`, and the traps of Faust: what they repeat of the sources.

A person writes what a rule says. Which modules decide it and which tests hold it is filled in:

- A module that decides rules says so in its docstring: a paragraph `Decides R3.1 and R3.3.`
- A module that works around traps says so in the same way: `Works around traps 4 and 5 (...).`
- A test's name begins with the ids that it holds: `test_r3_3_...`, `test_trap_4_...`.

`python -m docs.rulebook write` fills both pages in, `check` tells whether they are up to date.
"""

import argparse
import ast
import os
import re
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULES = ROOT / "docs/reference/rules.md"
TRAPS = ROOT / "libs/stream/src/tuyen_stream/TRAPS.md"

_RULE = r"(?:R\d(?:\.\d+)?|INV\d|P\d[a-z]?|[CILOSW]\d{1,2})"
_CITED = re.compile(rf"(?<![\w%.-]){_RULE}(?!\w|\.\d)")
_CITED_TRAPS = re.compile(r"\b[Tt]raps? (\d+(?:(?:, | and )\d+)*)")
_HELD = re.compile(r"(trap_\d+|inv\d|r\d(?:_\d+)?|p\d[a-z]?|[cilosw]\d{1,2})_")
_SAYS = re.compile(r"(Decides|Works around traps?) ((?:\S+, )*\S+(?: and \S+)?)(?: \(\S+\))?\.")
_HEADING = re.compile(r"^(##+) (\S+) · (.+)$", re.MULTILINE)
_FILLED_IN = re.compile(r"^- (?:Decided in|Worked around in|Tests):.*\Z", re.MULTILINE | re.DOTALL)
_LINK_TARGETS = re.compile(r"^\[\S+\]: \S+\n", re.MULTILINE)
_NOT_YET = "**Not yet:**"
_WIDTH = 110
_TIED = "\0"
"""A space at which no line ends: a file and its number stay together."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What the repository's sources say of ids: `R3.3` of a rule, `4` of a trap."""

    modules: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    """Where each rule is decided, and each trap worked around."""
    tests: Mapping[str, Mapping[Path, int]] = field(default_factory=dict)
    """By id, how many tests of each file hold it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One heading of a page with what a person wrote below it."""

    id: str
    level: int
    text: str

    @property
    def is_area(self) -> bool:
        """Whether the heading begins an area of rules: its id stands for all of them."""
        return self.level == len("##")

    @property
    def is_missing(self) -> bool:
        """Whether the product does nothing of it yet."""
        return _NOT_YET in self.text


def read_sources(root: Path = ROOT) -> Sources:
    """Reads the docstrings of all modules and the names of all tests."""
    modules: dict[str, list[Path]] = {}
    for path in sorted(root.glob("*/*/src/**/*.py")):
        for one in find_decided_ids(ast.get_docstring(ast.parse(path.read_text())) or ""):
            modules.setdefault(one, []).append(path)
    tests: dict[str, Counter[Path]] = {}
    for path in sorted(root.glob("tests/**/test_*.py")):
        for name in _functions(path):
            for one in find_held_ids(name):
                tests.setdefault(one, Counter())[path] += 1
    return Sources(modules, tests)


def _functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def find_decided_ids(docstring: str) -> list[str]:
    """The ids that a module decides or works around, by the paragraphs of its docstring.

    Raises ValueError for a paragraph that begins so and goes on with anything else.
    """
    found = []
    for paragraph in docstring.split("\n\n"):
        line = " ".join(paragraph.split())
        if line.startswith(("Decides ", "Works around ")):
            said = _SAYS.fullmatch(line)
            if said is None:
                raise ValueError(f"{line!r} is no list of ids")
            found += re.split(r", | and ", said[2])
    return found


def find_held_ids(test: str) -> list[str]:
    """The ids that a test's name begins with."""
    found, place = [], len("test_")
    while test.startswith("test_") and (held := _HELD.match(test, place)):
        found.append(_id_of(held[1]))
        place = held.end()
    return found


def _id_of(word: str) -> str:
    if word.startswith("trap_"):
        return word.removeprefix("trap_")
    if word.startswith("p"):
        return "P" + word[1:]
    return word.upper().replace("_", ".")


def find_cited_ids(text: str) -> set[str]:
    """The ids of rules that a text cites."""
    return set(_CITED.findall(text))


def traps_cited_in(text: str) -> set[str]:
    """The numbers of traps that a text cites."""
    return {number for found in _CITED_TRAPS.findall(text) for number in re.findall(r"\d+", found)}


def entries(page: str) -> list[Entry]:
    """The headings of a page that define an id, in order."""
    return [
        Entry(heading[2], len(heading[1]), _FILLED_IN.sub("", below).strip())
        for heading, below in _sections(_LINK_TARGETS.sub("", page))
    ]


def fill_in(page: str, at: Path, sources: Sources) -> str:
    """The page with what the sources say below each heading, and the targets of the links at its
    end. What a person wrote stays as it is."""
    page = _LINK_TARGETS.sub("", page).rstrip("\n") + "\n"
    first = _HEADING.search(page)
    parts = [page if first is None else page[: first.start()]]
    linked: set[Path] = set()
    for heading, below in _sections(page):
        modules = sources.modules.get(heading[2], ())
        counts = sources.tests.get(heading[2], {})
        linked.update(modules, counts)
        written = _FILLED_IN.sub("", below).strip("\n")
        found = "\n".join(_lists(modules, counts, is_trap=heading[2].isdigit()))
        parts += (f"{part}\n\n" for part in (heading[0], written, found) if part)
    targets = {_format_path(path): os.path.relpath(path, at.parent) for path in linked}
    parts += (f"[{shown}]: {target}\n" for shown, target in sorted(targets.items()))
    return "".join(parts).rstrip("\n") + "\n"


def _sections(page: str) -> Iterator[tuple[re.Match[str], str]]:
    """Each heading that defines an id, and the text under it."""
    headings = list(_HEADING.finditer(page))
    ends = [heading.start() for heading in headings[1:]] + [len(page)]
    for heading, end in zip(headings, ends, strict=True):
        yield heading, page[heading.end() : end]


def _lists(modules: Sequence[Path], counts: Mapping[Path, int], *, is_trap: bool) -> Iterator[str]:
    if modules:
        title = "Worked around in" if is_trap else "Decided in"
        yield _list(title, [f"[{_format_path(path)}]" for path in modules])
    if counts:
        yield _list(
            "Tests", [f"[{_format_path(path)}]{_TIED}({counts[path]})" for path in sorted(counts)]
        )


def _list(title: str, items: Iterable[str]) -> str:
    line = f"- {title}: {', '.join(items)}"
    broken = textwrap.wrap(
        line, _WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(broken).replace(_TIED, " ")


def _format_path(path: Path) -> str:
    """How a page calls a file: a module by its place below `src`, a test by its place here."""
    return str(path.relative_to(ROOT)).rpartition("/src/")[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m docs.rulebook")
    parser.add_argument("action", choices=["write", "check"])
    action = parser.parse_args(arguments).action
    sources = read_sources()
    status = 0
    for path in (RULES, TRAPS):
        page = path.read_text()
        after = fill_in(page, path, sources)
        if page == after:
            continue
        if action == "write":
            path.write_text(after)
        else:
            sys.stderr.write(f"{path.relative_to(ROOT)} is out of date: run `make docs`\n")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
