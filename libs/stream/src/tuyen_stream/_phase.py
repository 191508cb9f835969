"""In which order the records of one outbox reach the log."""

from enum import IntEnum


class WritePhase(IntEnum):
    """The base class of an app's phases: their order is the order in which records are written.

        class Phase(WritePhase):
            STATE = 0
            REPLIES = 1

    The records of a phase are sent once all records of the earlier phases are acknowledged: those
    of the same outbox, and those of all earlier outboxes of the same partition of the stage. Put a
    state into an earlier phase than the records by which others learn of it: a crash in between
    then loses these records, never the state, and the input is read again.

    The values are 0, 1, 2 and so on, in this order. Raises `TypeError` for others.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if [member.value for member in cls] != list(range(len(cls))):
            raise TypeError(f"the phases of {cls.__name__} are not numbered 0, 1, 2, ...")
        for name, member in cls.__members__.items():
            # As Python 3.12 does by itself: 3.11 looks a member up at twice the cost.
            type.__setattr__(cls, name, member)
