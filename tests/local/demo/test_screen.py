"""The table of the evening, on a terminal and in a file."""

import io
import re
from datetime import UTC, datetime

from rich.console import Console

from tuyen_local.demo.screen import Screen, ScreenRow
from tuyen_local.demo.tally import Tally

ROW = ScreenRow(
    "Vân: “Shop ơi, áo khoác này còn size M không?”",
    "message",
    "Lan",
    "rotation",
    "next in turn of Lan, Minh, Hoa (R2.1)",
)


def read_lines(*, terminal: bool, width: int = 100) -> list[str]:
    console = Console(
        file=io.StringIO(), force_terminal=terminal, width=width, color_system=None, height=10
    )
    screen = Screen(console, lambda: datetime(2026, 11, 21, 20, 0, 5, tzinfo=UTC))
    with screen.open():
        screen.act("Messages")
        screen.awaiting(ROW.what, ROW.kind)
        screen.show_settled(ROW)
    tally = Tally(["lan", "minh"])
    tally.add("lan", "rotation", ["lan", "minh"])
    screen.summary(tally)
    assert isinstance(console.file, io.StringIO)
    return re.sub(r"\x1b\[[^A-Za-z]*[A-Za-z]", "", console.file.getvalue()).splitlines()


def test_where_there_is_no_terminal_a_row_is_a_line() -> None:
    (line,) = [each for each in read_lines(terminal=False, width=40) if "Vân" in each]
    assert line == (
        "20:00:05  message     Lan     Vân: “Shop ơi, áo khoác này còn size M không?” "
        "[rotation: next in turn of Lan, Minh, Hoa (R2.1)]"
    )


def test_on_a_terminal_rows_fit_its_width() -> None:
    lines = read_lines(terminal=True, width=80)
    heading = next(line for line in lines if "what happened" in line)
    assert heading.split() == ["time", "what", "happened", "kind", "who", "why"]
    rows = [line for line in lines if "20:00:05" in line and "Lan" in line]
    assert rows
    assert heading.index("who") == rows[-1].index("Lan")
    assert all(len(line) <= 80 for line in rows)


def test_the_summary_says_what_each_got_and_the_skew() -> None:
    text = "\n".join(read_lines(terminal=False))
    assert "in turn" in text
    assert "skew 1" in text
