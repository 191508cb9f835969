"""A Faust app whose handlers take whole fetched batches, with exact acknowledgements.

This module is the public one: everything that an app needs is imported from here. The modules whose
names begin with an underscore are internal. `README.md` says what the package guarantees and shows
a complete app. `TRAPS.md` lists what Faust does that loses or repeats records, and how it is worked
around; comments cite the traps by number (`trap 4`).
"""

from tuyen_stream._app import StreamApp, StreamHealth, build_app
from tuyen_stream._fatal import EXIT_CODE, end_process
from tuyen_stream._outbox import BatchTooLargeError, Outbox, OutRecord, PhaseRecords, RecordGroup
from tuyen_stream._phase import WritePhase
from tuyen_stream._records import Batch, ConsumedRecord, PartitionState, TableSpec, TailState
from tuyen_stream._recovery import TableProgress
from tuyen_stream._settings import StreamSettings
from tuyen_stream._stage import Handler, StageStep

__all__ = [
    "EXIT_CODE",
    "Batch",
    "BatchTooLargeError",
    "ConsumedRecord",
    "Handler",
    "OutRecord",
    "Outbox",
    "PartitionState",
    "PhaseRecords",
    "RecordGroup",
    "StageStep",
    "StreamApp",
    "StreamHealth",
    "StreamSettings",
    "TableProgress",
    "TableSpec",
    "TailState",
    "WritePhase",
    "build_app",
    "end_process",
]
