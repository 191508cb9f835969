"""A Faust app that handles whole fetched chunks of a partition.

Faust's worker, assignor, tables, recovery and rebalances cost nothing worth naming; its path for
single events costs twenty times what the work is worth, and acknowledges what is not safe. This
package keeps the former and replaces the latter. It stands on private parts of faust-streaming
0.15.3 and aiokafka 0.14, so both versions are exact, and every promise has a test against a real
broker.
"""

from tuyen_router.chunks.app import ChunkApp, Health, build_app
from tuyen_router.chunks.fatal import EXIT_CODE, end_process
from tuyen_router.chunks.outbox import Outbox, OutRecord, RecordTooLargeError
from tuyen_router.chunks.records import Chunk, PartitionState, Record, TableSpec
from tuyen_router.chunks.recovery import TableProgress
from tuyen_router.chunks.settings import ChunkSettings
from tuyen_router.chunks.stage import Handler, Step

__all__ = [
    "EXIT_CODE",
    "Chunk",
    "ChunkApp",
    "ChunkSettings",
    "Handler",
    "Health",
    "OutRecord",
    "Outbox",
    "PartitionState",
    "Record",
    "RecordTooLargeError",
    "Step",
    "TableProgress",
    "TableSpec",
    "build_app",
    "end_process",
]
