"""Reads the replies that did not go out."""

import msgspec

from tuyen_gateway.adapters.names import CustomerNames
from tuyen_gateway.adapters.queries import project_row
from tuyen_gateway.adapters.read_limits import ReadLimiter
from tuyen_gateway.domain.inbox import InboxRow
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.domain.visibility import Scope
from tuyen_gateway.ports.failed_replies import FAILED_COUNTED, FailedReplies
from tuyen_gateway.projections import collections
from tuyen_platform.mongodb import Database, Document


class MongoFailedReplies:
    """`FailedReplyViews`."""

    def __init__(self, database: Database, reads: ReadLimiter) -> None:
        self._messages = database[collections.MESSAGES]
        self._conversations = database[collections.CONVERSATIONS]
        self._names = CustomerNames(database)
        self._reads = reads

    async def failed(self, scope: Scope, limit: int) -> FailedReplies:
        query: Document = {"organization": scope.organization, **collections.FAILED}
        if scope.pages is not None:
            query["page_id"] = {"$in": sorted(scope.pages)}
        async with self._reads.turn(scope.organization):
            total = await self._messages.count_documents(query, limit=FAILED_COUNTED)
            newest = self._messages.find(query).sort("at", -1).limit(limit)
            messages = [msgspec.convert(one, Message) for one in await newest.to_list(None)]
            own = {"_id": {"$in": sorted({one.conversation_id or "" for one in messages})}}
            found = await self._conversations.find(own, project_row(scope)).to_list(None)
            rows = await self._names.add_names([msgspec.convert(one, InboxRow) for one in found])
        by_id: dict[str | None, InboxRow] = {row.id: row for row in rows}
        return FailedReplies(
            total=total,
            newest=[(one, row) for one in messages if (row := by_id.get(one.conversation_id))],
        )
