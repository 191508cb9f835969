"""What became of the rows of an import, so that a row that is sent again changes nothing (C9).

A row may change a contact that exists already, and such a contact says nothing about the row. So
the results are remembered by import and row: of the last rows by themselves, and of those before
only that they were carried out. That is enough, because an import sends its rows in their order,
and the next batch only after it has the results of the one before (ROWS_REMEMBERED).
"""

from datetime import datetime

import msgspec

from tuyen_crm.domain.decision import CommandDecision
from tuyen_events.crm.records import CrmOutcome
from tuyen_events.crm_limits import ROWS_REMEMBERED
from tuyen_events.ids import ContactId


class RowResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the result of a row contained, as in `CommandDecision`. One value of `known_elsewhere`
    is enough to say that there were some."""

    version: int = 0
    changed: bool = False
    survivor: ContactId | None = None
    known_elsewhere: tuple[str, ...] = ()

    def as_decision(self) -> CommandDecision:
        """The result again, without its events."""
        return CommandDecision(
            outcome=CrmOutcome.APPLIED if self.changed else CrmOutcome.UNCHANGED,
            version=self.version,
            survivor=self.survivor,
            known_elsewhere=self.known_elsewhere,
        )


class ImportedRows(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The rows of one import that were carried out: `results` by their numbers, and all up to
    `settled`. `at` is when the last one was requested."""

    at: datetime
    results: dict[int, RowResult] = {}
    settled: int = 0

    def find(self, row: int) -> RowResult | None:
        """None if the row was not carried out."""
        return RowResult() if row <= self.settled else self.results.get(row)

    def add(self, row: int, decision: CommandDecision, at: datetime) -> "ImportedRows":
        """With the result of one row more, and without those of the first rows if these are too
        many."""
        result = RowResult(
            version=decision.version,
            changed=decision.outcome is CrmOutcome.APPLIED,
            survivor=decision.survivor,
            known_elsewhere=decision.known_elsewhere[:1],
        )
        results = {**self.results, row: result}
        forgotten = sorted(results)[:-ROWS_REMEMBERED]
        return ImportedRows(
            at=max(at, self.at),
            results={one: each for one, each in results.items() if one not in forgotten},
            settled=max(self.settled, *forgotten, 0),
        )


class RememberedImports(msgspec.Struct, frozen=True, kw_only=True):
    """The imports of an organization whose rows are remembered."""

    ids: tuple[str, ...] = ()
