"""The media that wait to be fetched, in MongoDB, beside the views and not dropped with them."""

import msgspec
from pymongo import ASCENDING, IndexModel

from tuyen_events.file_limits import MEDIA_WAITING
from tuyen_events.ids import MessageId, OrganizationId
from tuyen_gateway.domain.media import WaitingMedium
from tuyen_platform.mongodb import Database, Document
from tuyen_platform.waiting_items import InMemoryWaitingItems, MongoWaitingItems

WAITING = "media_waiting"

_BY_MESSAGE = IndexModel([("message_id", ASCENDING)], name="by_message")


def _read(document: Document) -> WaitingMedium:
    return msgspec.convert(document, WaitingMedium)


class MongoWaitingMedia(MongoWaitingItems[WaitingMedium]):
    """WaitingMedia."""

    def __init__(self, database: Database) -> None:
        super().__init__(database[WAITING], _read, MEDIA_WAITING, [_BY_MESSAGE])

    async def remove_of_message(self, organization: OrganizationId, message_id: MessageId) -> None:
        await self._waiting.delete_many({"message_id": message_id, "organization": organization})


class InMemoryWaitingMedia(InMemoryWaitingItems[WaitingMedium]):
    """WaitingMedia, for tests."""

    def __init__(self) -> None:
        super().__init__(MEDIA_WAITING)

    async def remove_of_message(self, organization: OrganizationId, message_id: MessageId) -> None:
        for one in list(self.waiting.values()):
            if (one.organization, one.message_id) == (organization, message_id):
                await self.remove(one)
