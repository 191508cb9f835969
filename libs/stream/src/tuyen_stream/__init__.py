"""A Faust app that handles whole fetched batches of a partition.

Faust's worker, assignor, tables, recovery and rebalances cost almost nothing; its path for single
events costs twenty times what the work on an event is worth, and acknowledges records that are not
safe yet. This package keeps the former and replaces the latter. It depends on private parts of
faust-streaming 0.15.3 and aiokafka 0.14, so both versions are pinned exactly, and every guarantee
has a test against a real broker.
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
