"""The store in MongoDB, laid out as GridFS is, so that its tools can read it: one document for each
file, and one for each part of its content.

Motor's own GridFS collects 32 MiB of a file in memory before it writes; here a part is written as
soon as it is full. A file's document is written first, hidden, and shown once all parts are there:
whatever is left of an interrupted upload can be found by it, and removed.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import datetime

import msgspec
from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError

from tuyen_attachments.ports import NewAttachment, OpenAttachment, StoredAttachment, Usage
from tuyen_events.file_limits import ATTACHMENT_CONVERSATIONS
from tuyen_events.ids import AgentId, ConversationId, MessageId, OrganizationId, PageId
from tuyen_events.outbound import AttachmentId
from tuyen_platform.error_causes import ContendedError
from tuyen_platform.mongodb import Database, Document

FILES, PARTS = "attachments.files", "attachments.chunks"

PART_BYTES = 255 * 1024

_REMOVED_AT_ONCE = 500

_LAST_CONVERSATION = "metadata.conversations.{}"
_MISSING: Document = {"$exists": False}

_FILE_INDEXES = (
    IndexModel(
        [
            ("metadata.organization", ASCENDING),
            ("uploadDate", ASCENDING),
            ("length", ASCENDING),
            ("metadata.uploaded_by", ASCENDING),
        ],
        name="by_organization",
    ),
    IndexModel([("metadata.message_id", ASCENDING)], name="by_message", sparse=True),
    IndexModel(
        [("uploadDate", ASCENDING)],
        name="unused",
        partialFilterExpression={"metadata.used": False},
    ),
)
_PART_INDEXES = (
    IndexModel([("files_id", ASCENDING), ("n", ASCENDING)], name="files_id_1_n_1", unique=True),
)


class _Metadata(msgspec.Struct, kw_only=True):
    organization: OrganizationId
    kind: str
    content_type: str
    uploaded_by: AgentId | None = None
    message_id: MessageId | None = None
    page_id: PageId | None = None
    conversations: tuple[ConversationId, ...] = ()


class _File(msgspec.Struct, kw_only=True):
    """The document of a file, as GridFS has it."""

    id: AttachmentId = msgspec.field(name="_id")
    length: int
    created_at: datetime = msgspec.field(name="uploadDate")
    filename: str | None = None
    metadata: _Metadata


class MongoAttachments:
    """Attachments."""

    def __init__(self, database: Database) -> None:
        self._files = database[FILES]
        self._parts = database[PARTS]
        self._indexed = False

    async def _ensure_indexes(self) -> None:
        if not self._indexed:
            await self._files.create_indexes(list(_FILE_INDEXES))
            await self._parts.create_indexes(list(_PART_INDEXES))
            self._indexed = True

    async def add(self, new: NewAttachment, content: AsyncIterator[bytes]) -> StoredAttachment:
        await self._ensure_indexes()
        began = await self._begin(new)
        if isinstance(began, StoredAttachment):
            return began
        try:
            size = await self._write(new.id, content)
        except BaseException:
            if began:
                await asyncio.shield(self._drop([new.id]))
            raise
        await self._show(new, size)
        return StoredAttachment(**msgspec.structs.asdict(new), size=size)

    async def _begin(self, new: NewAttachment) -> StoredAttachment | bool:
        """The stored attachment, if there is one. Otherwise whether this call made its document:
        false if that of an interrupted one was there, or another worker stores it as well."""
        document = {
            "_id": new.id,
            "length": 0,
            "chunkSize": PART_BYTES,
            "uploadDate": new.created_at,
            "filename": new.name,
            "metadata": {
                "organization": new.organization,
                "kind": new.kind,
                "content_type": new.content_type,
                "uploaded_by": new.uploaded_by,
                **({} if new.message_id is None else {"message_id": new.message_id}),
                "page_id": new.page_id,
                "conversations": [],
                "used": False,
                "complete": False,
            },
        }
        try:
            await self._files.insert_one(document)
        except DuplicateKeyError:
            found = await self.find(new.organization, [new.id])
            if new.id in found:
                return found[new.id]
            touched = {"uploadDate": new.created_at}
            await self._files.update_one({"_id": new.id}, {"$max": touched})
            return False
        return True

    async def _show(self, new: NewAttachment, size: int) -> None:
        """Makes a file one that can be opened. If it was removed while its content arrived, its
        parts are dropped, too: nothing refers to them any more."""
        shown: Document = {"metadata.complete": True, "length": size}
        if new.message_id is not None:
            shown["metadata.used"] = True
        found = await self._files.update_one({"_id": new.id}, {"$set": shown})
        if not found.matched_count:
            await self._drop([new.id])
            raise ContendedError(f"{new.id}, which was removed")

    async def _write(self, id_: AttachmentId, content: AsyncIterator[bytes]) -> int:
        """Writes the parts, and returns their size. Two workers that store the same file write the
        same parts; one that failed meanwhile may have removed them."""
        buffer, size, count = bytearray(), 0, 0
        async for part in content:
            buffer += part
            while len(buffer) >= PART_BYTES:
                await self._write_part(id_, count, bytes(buffer[:PART_BYTES]))
                del buffer[:PART_BYTES]
                size, count = size + PART_BYTES, count + 1
        if buffer:
            await self._write_part(id_, count, bytes(buffer))
            size, count = size + len(buffer), count + 1
        if await self._parts.count_documents({"files_id": id_}) != count:
            raise ContendedError(f"parts of {id_}")
        return size

    async def _write_part(self, id_: AttachmentId, number: int, data: bytes) -> None:
        place = {"files_id": id_, "n": number}
        await self._parts.replace_one(place, {**place, "data": data}, upsert=True)

    async def open(
        self, organization: OrganizationId, attachment_id: AttachmentId
    ) -> OpenAttachment | None:
        attachment = (await self.find(organization, [attachment_id])).get(attachment_id)
        if attachment is None:
            return None

        async def read(start: int, end: int) -> AsyncIterator[bytes]:
            end = min(end, attachment.size)
            for number in range(start // PART_BYTES, -(-end // PART_BYTES)):
                place = {"files_id": attachment_id, "n": number}
                found = await self._parts.find_one(place)
                if found is None:
                    return
                first = number * PART_BYTES
                yield bytes(found["data"])[max(start - first, 0) : end - first]

        return OpenAttachment(attachment, read)

    async def find(
        self, organization: OrganizationId, ids: Collection[AttachmentId]
    ) -> Mapping[AttachmentId, StoredAttachment]:
        if not ids:
            return {}
        query = {**_complete(organization), "_id": {"$in": list(ids)}}
        found = await self._files.find(query).to_list(None)
        return {document["_id"]: _attachment_of(document) for document in found}

    async def note_use(
        self,
        organization: OrganizationId,
        ids: Collection[AttachmentId],
        conversation_id: ConversationId,
    ) -> Mapping[AttachmentId, StoredAttachment]:
        noted: dict[AttachmentId, StoredAttachment] = {}
        for each in dict.fromkeys(ids):
            document = await self._files.find_one_and_update(
                {
                    **_complete(organization),
                    "_id": each,
                    "$or": [
                        {"metadata.conversations": conversation_id},
                        {_LAST_CONVERSATION.format(ATTACHMENT_CONVERSATIONS - 1): _MISSING},
                    ],
                },
                {
                    "$addToSet": {"metadata.conversations": conversation_id},
                    "$set": {"metadata.used": True},
                },
                return_document=ReturnDocument.AFTER,
            )
            if document is not None:
                noted[each] = _attachment_of(document)
        return noted

    async def uploaded_since(self, organization: OrganizationId, since: datetime) -> Usage:
        match = {
            "metadata.organization": organization,
            "uploadDate": {"$gt": since},
            "metadata.uploaded_by": {"$gt": ""},
        }
        return _usage(await self._sum(match, None))

    async def _sum(self, match: Document, by: str | None) -> list[Document]:
        each = {"_id": by, "files": {"$sum": 1}, "size": {"$sum": "$length"}}
        found: list[Document] = await self._files.aggregate(
            [{"$match": match}, {"$group": each}]
        ).to_list(None)
        return found

    async def remove_of_message(
        self,
        organization: OrganizationId,
        message_id: MessageId,
        but: Collection[AttachmentId] = (),
    ) -> None:
        query: Document = {
            "metadata.message_id": message_id,
            "metadata.organization": organization,
            "_id": {"$nin": list(but)},
        }
        await self._remove([one["_id"] async for one in self._files.find(query, {"_id": 1})])

    async def remove_unused(self, before: datetime) -> int:
        query = {"metadata.used": False, "uploadDate": {"$lt": before}}
        removed = 0
        while ids := await self._ids(query):
            removed += await self._remove(ids, query)
        return removed

    async def remove_oldest(self, most_bytes: int) -> int:
        removed = 0
        for one in await self._sum({}, "$metadata.organization"):
            removed += await self._shrink(one["_id"], one["size"] - most_bytes)
        return removed

    async def _shrink(self, organization: OrganizationId, too_many: int) -> int:
        """Removes the oldest files of an organization until so many bytes are removed."""
        removed = 0
        oldest = [("uploadDate", ASCENDING), ("length", ASCENDING)]
        query = {"metadata.organization": organization}
        while too_many > 0:
            ordered = self._files.find(query, {"length": 1}).sort(oldest).limit(100)
            found = await ordered.to_list(None)
            ids = []
            for one in found:
                if too_many <= 0:
                    break
                too_many -= one["length"]
                ids.append(one["_id"])
            if not ids:
                break
            await self._remove(ids)
            removed += len(ids)
        return removed

    async def _ids(self, query: Document) -> list[AttachmentId]:
        found = await self._files.find(query, {"_id": 1}).limit(_REMOVED_AT_ONCE).to_list(None)
        return [one["_id"] for one in found]

    async def _remove(self, ids: Collection[AttachmentId], still: Document | None = None) -> int:
        """Hides files, if they are `still` so (one may have been used a moment ago), and drops
        them. What is interrupted in between is dropped as unused. Returns how many."""
        wanted = {"_id": {"$in": list(ids)}}
        hidden = {"metadata.complete": False, "metadata.used": False}
        await self._files.update_many({**wanted, **(still or {})}, {"$set": hidden})
        gone = [one["_id"] async for one in self._files.find({**wanted, **hidden}, {"_id": 1})]
        await self._drop(gone)
        return len(gone)

    async def _drop(self, ids: Collection[AttachmentId]) -> None:
        await self._parts.delete_many({"files_id": {"$in": list(ids)}})
        await self._files.delete_many({"_id": {"$in": list(ids)}})


def _complete(organization: OrganizationId) -> Document:
    return {"metadata.organization": organization, "metadata.complete": True}


def _attachment_of(document: Document) -> StoredAttachment:
    file = msgspec.convert(document, _File)
    return StoredAttachment(
        id=file.id,
        organization=file.metadata.organization,
        kind=file.metadata.kind,
        content_type=file.metadata.content_type,
        name=file.filename,
        uploaded_by=file.metadata.uploaded_by,
        message_id=file.metadata.message_id,
        page_id=file.metadata.page_id,
        created_at=file.created_at,
        size=file.length,
        conversations=file.metadata.conversations,
    )


def _usage(found: list[Document]) -> Usage:
    return Usage(found[0]["files"], found[0]["size"]) if found else Usage()
