"""What libraries repeat in an outage does not fill the log."""

import logging

import pytest

from tuyen_platform.repeated_lines import RepeatedLines


class Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.now = 100.0
        self.addFilter(RepeatedLines("aiokafka", now=lambda: self.now))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@pytest.fixture
def heard() -> Heard:
    return Heard()


def say(heard: Heard, template: str, *values: object, name: str = "aiokafka.conn") -> None:
    record = logging.LogRecord(name, logging.ERROR, "", 0, template, values, None)
    if heard.filter(record):
        heard.emit(record)


def test_r9_6_an_outage_of_ten_minutes_takes_some_lines_and_each_counts_what_was_left_out(
    heard: Heard,
) -> None:
    for _ in range(6_000):
        say(heard, "Unable connect to node with id %s: %s", 1, "refused")
        heard.now += 0.125
    assert 10 < len(heard.lines) < 25
    assert heard.lines[0] == "Unable connect to node with id 1: refused"
    assert heard.lines[1] == "Unable connect to node with id 1: refused (7 more like it)"
    left_out = sum(int(line.rpartition("(")[2].split()[0]) for line in heard.lines[1:])
    assert 6_000 - 8 * 60 <= left_out + len(heard.lines) <= 6_000


def test_r9_6_what_differs_in_its_values_alone_is_one_kind_and_other_lines_are_not(
    heard: Heard,
) -> None:
    for node in range(3):
        say(heard, "Unable connect to node with id %s", node)
    say(heard, "Topic %s is not available", "inbound")
    say(heard, "Unable connect to node with id %s", 0, name="aiokafka.client")
    for _ in range(3):
        say(heard, "our own line", name="tuyen")
    assert heard.lines == [
        "Unable connect to node with id 0",
        "Topic inbound is not available",
        "Unable connect to node with id 0",
        *["our own line"] * 3,
    ]


def test_a_line_that_did_not_come_for_long_is_new(heard: Heard) -> None:
    for _ in range(3):
        say(heard, "gone")
        heard.now += 1
    heard.now += 600
    say(heard, "gone")
    heard.now += 1
    say(heard, "gone")
    assert heard.lines == ["gone", "gone", "gone (1 more like it)", "gone"]


def test_r9_6_kinds_without_an_end_are_forgotten(heard: Heard) -> None:
    for number in range(2_000):
        say(heard, f"another text each time: {number}")
    (found,) = (one for one in heard.filters if isinstance(one, RepeatedLines))
    assert len(found._kinds) <= 500
    assert len(heard.lines) == 2_000
