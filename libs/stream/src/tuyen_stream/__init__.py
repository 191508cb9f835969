"""A Faust app that handles whole fetched chunks of a partition.

Faust's worker, assignor, tables, recovery and rebalances cost nothing worth naming; its path for
single events costs twenty times what the work is worth, and acknowledges what is not safe. This
package keeps the former and replaces the latter. It stands on private parts of faust-streaming
0.15.3 and aiokafka 0.14, so both versions are exact, and every promise has a test against a real
broker. `TRAPS.md` lists what Faust does that loses or repeats records, and how it is worked around;
comments cite it by number (`trap 4`).
"""

from tuyen_stream.app import StreamApp, StreamHealth, build_app
from tuyen_stream.fatal import EXIT_CODE, end_process
from tuyen_stream.outbox import BatchTooLargeError, Outbox, OutRecord
from tuyen_stream.records import Batch, ConsumedRecord, PartitionState, TableSpec
from tuyen_stream.recovery import TableProgress
from tuyen_stream.settings import StreamSettings
from tuyen_stream.stage import Handler, StageStep

__all__ = [
    "EXIT_CODE",
    "Batch",
    "BatchTooLargeError",
    "ConsumedRecord",
    "Handler",
    "OutRecord",
    "Outbox",
    "PartitionState",
    "StageStep",
    "StreamApp",
    "StreamHealth",
    "StreamSettings",
    "TableProgress",
    "TableSpec",
    "build_app",
    "end_process",
]
