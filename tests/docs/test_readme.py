"""The README shows every service and every topic, so that a newcomer knows what there is."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from tuyen_events.topic import Topic
from tuyen_events.topics import DEAD_LETTERS, TOPICS
from tuyen_local.stack import SERVICES

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ROWS = dict(re.findall(r"^\| (\w+) \| (.*)$", README, re.MULTILINE))
"""The rest of a service's row by the service."""


def test_each_service_has_a_row() -> None:
    assert [row for row in ROWS if row in SERVICES] == list(SERVICES)


def test_each_topic_is_named() -> None:
    """The router's own are named together."""
    named = _find_topics(README)
    private = {name for name in TOPICS if name.startswith("router-")}
    assert TOPICS.keys() - private <= named
    assert "`router-...`" in README


@pytest.mark.parametrize("service", SERVICES)
def test_a_row_names_the_topics_of_the_service(service: str) -> None:
    """The gateway reads what the others write, and what a service cannot handle goes to the dead
    letters: the README says that in words."""
    used, named = set(_list_used(service)), _find_topics(ROWS[service])
    assert named <= used
    missing = used - named - {DEAD_LETTERS.name}
    if service == "gateway":
        missing -= {name for other in SERVICES for name in _find_topics(ROWS[other])}
    assert {name for name in missing if not name.startswith(f"{service}-")} == set()


def _find_topics(text: str) -> set[str]:
    return TOPICS.keys() & set(re.findall(r"`([a-z-]+)`", text))


def _list_used(service: str) -> Iterator[str]:
    """The topics that the sources of the service import by their names."""
    for path in (ROOT / "services" / service / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tuyen_events."):
                module = import_module(str(node.module))
                for name in node.names:
                    if isinstance(topic := getattr(module, name.name, None), Topic):
                        yield topic.name
