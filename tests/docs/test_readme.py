"""The README shows every service and every topic, so that a newcomer knows what there is."""

import re
from pathlib import Path

from tuyen_events.topics import TOPICS
from tuyen_local.stack import SERVICES

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_each_service_has_a_row() -> None:
    rows = re.findall(r"^\| (\w+) \| ", README, re.MULTILINE)
    assert [row for row in rows if row in SERVICES] == list(SERVICES)


def test_each_topic_is_named() -> None:
    """The router's own are named together."""
    named = set(re.findall(r"`([a-z-]+)`", README))
    private = {name for name in TOPICS if name.startswith("router-")}
    assert TOPICS.keys() - private <= named
    assert "`router-...`" in README
