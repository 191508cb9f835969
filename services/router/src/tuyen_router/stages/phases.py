"""In which order the records of a batch reach the log, in both stages."""

from tuyen_stream import WritePhase


class Phase(WritePhase):
    """A phase is written when the one before it is in the log (`docs/decisions/0003`).

    So no stored state refers to a public record that is not in the log, and nobody reads a decision
    before it is stored. A crash in between loses the later phases and never the earlier ones, and
    the input is read again.
    """

    PUBLIC = 0
    """What the stored state builds on: assignments, pools; and dead letters."""
    STATE = 1
    """What the stages themselves remember: `router-customers`, `router-choices`."""
    FOLLOW_UPS = 2
    """What others act on: requests, answers, results of commands, reports of loads."""
