"""A Faust app that handles whole fetched chunks of a partition.

Faust's worker, assignor, tables, recovery and rebalances cost nothing worth naming; its path for
single events costs twenty times what the work is worth, and acknowledges what is not safe. This
package keeps the former and replaces the latter. It stands on private parts of faust-streaming
0.15.3 and aiokafka 0.14, so both versions are exact, and every promise has a test against a real
broker.
"""

from tuyen_stream._app import StreamApp, StreamHealth, build_app
from tuyen_stream._fatal import EXIT_CODE, end_process
from tuyen_stream._outbox import BatchTooLargeError, Outbox, OutRecord, RecordGroup
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
    "RecordGroup",
    "StageStep",
    "StreamApp",
    "StreamHealth",
    "StreamSettings",
    "TableProgress",
    "TableSpec",
    "TailState",
    "build_app",
    "end_process",
]
