"""The table that fills as the evening goes on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from tuyen_local.demo.tally import Tally
from tuyen_local.demo.why import name

_HEADINGS = ("time", "what happened", "kind", "who", "why")
_TIME, _KIND, _WHO, _GAPS = 8, 10, 6, 8
_NARROWEST = 20


@dataclass(frozen=True, slots=True)
class ScreenRow:
    """One event: the customer's words, the conversation's kind, and what came of it."""

    what: str
    kind: str
    who: str
    reason: str
    sentence: str

    @property
    def why(self) -> str:
        return f"{self.reason}: {self.sentence}" if self.reason else self.sentence


class Screen:
    """Rows in columns on a terminal; elsewhere a line each.

    Finished rows scroll up like any output, so that a long evening fits a low window; what is
    awaited is shown after them.
    """

    def __init__(self, console: Console, now: Callable[[], datetime]) -> None:
        self._console = console
        self._now = now
        self._live: Live | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        if not self._console.is_terminal:
            yield
            return
        self._console.print(self._columns([Text(each, "bold") for each in _HEADINGS]))
        try:
            with Live(console=self._console, transient=True) as self._live:
                yield
        finally:
            self._live = None

    def act(self, title: str) -> None:
        """What the next rows are about."""
        self._console.print()
        self._console.print(Text(title, "bold cyan"), soft_wrap=True)

    def awaiting(self, what: str, kind: str) -> None:
        """An event whose outcome is not known yet."""
        if self._live is not None:
            cells = (self._time(), what, kind, "…", "")
            row = self._columns([Text(each, "dim") for each in cells])
            self._live.update(row, refresh=True)

    def show_settled(self, row: ScreenRow) -> None:
        """What came of it."""
        if self._live is None:
            self._console.print(
                Text(f"{self._time()}  {row.kind:<{_KIND}}  {row.who:<{_WHO}}  {row.what}"),
                Text(f"[{row.why}]"),
                soft_wrap=True,
            )
            return
        self._live.update(Text(), refresh=True)
        why = Text(row.sentence)
        if row.reason:
            why = Text.assemble((row.reason, "green"), ": ", row.sentence)
        plain = [Text(each) for each in (self._time(), row.what, row.kind)]
        self._console.print(self._columns([*plain, Text(row.who, "bold"), why]))

    def summary(self, tally: Tally) -> None:
        """What each agent got, and how even the rotation was."""
        table = Table("agent", title="The evening", title_justify="left", box=None)
        for heading in ("in turn", "sticky", "manual or queue"):
            table.add_column(heading, justify="right")
        for agent in tally.agents:
            counts = (tally.in_turn(agent), tally.sticky(agent), tally.other(agent))
            table.add_row(name(agent), *map(str, counts))
        self._console.print()
        self._console.print(table)
        self.say(
            f"The rotation chose {tally.rotated} times among all {len(tally.agents)} agents; "
            f"skew {tally.skew} (the most of one agent minus the fewest of another; R2.1 allows 1)."
        )

    def say(self, sentence: str) -> None:
        self._console.print(Text(sentence), soft_wrap=True)

    def _time(self) -> str:
        return f"{self._now():%H:%M:%S}"

    def _columns(self, cells: Sequence[Text]) -> Table:
        """One row of the table; every row has the same widths."""
        free = max(2 * _NARROWEST, self._console.width - _TIME - _KIND - _WHO - _GAPS)
        row = Table.grid(padding=(0, 2, 0, 0))
        for width in (_TIME, free // 2, _KIND, _WHO, free - free // 2):
            row.add_column(width=width)
        row.add_row(*cells)
        return row
