"""The journal: what was changed in the views lately, for live streams (I11).

The changes of rows are noted in the transaction that writes the rows, so none is lost or noted
twice. A message is noted after it was written, perhaps more than once.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
from bson import ObjectId
from pymongo import UpdateOne

from tuyen_events.ids import ConversationId, MessageId, OrganizationId
from tuyen_gateway.domain.live import Changes, RowChange
from tuyen_gateway.domain.threads import Message
from tuyen_gateway.projections.collections import JOURNAL
from tuyen_platform.mongodb import Database, MongoSession

RowChanges = dict[OrganizationId, list[RowChange]]


async def note_rows(
    database: Database, changed: Mapping[OrganizationId, Sequence[RowChange]], session: MongoSession
) -> None:
    """Notes changes of rows, in the caller's transaction."""
    entries = [_entry(key, Changes(rows=tuple(rows))) for key, rows in changed.items()]
    if entries:
        await database[JOURNAL].bulk_write(entries, ordered=False, session=session)


async def note_messages(database: Database, messages: Iterable[Message]) -> None:
    """Notes that messages may have changed."""
    changed: dict[OrganizationId, list[tuple[ConversationId, MessageId]]] = defaultdict(list)
    for message in messages:
        if message.conversation_id is not None:
            changed[message.organization].append((message.conversation_id, message.id))
    entries = [_entry(key, Changes(messages=tuple(several))) for key, several in changed.items()]
    if entries:
        await database[JOURNAL].bulk_write(entries, ordered=False)


async def note_proposals(
    database: Database,
    changed: Mapping[OrganizationId, Collection[str]],
    left: Mapping[OrganizationId, Collection[tuple[str, str]]],
) -> None:
    """Notes that proposals to merge contacts may have changed, by the keys of their documents; and
    of some of them the warehouses that a contact left."""
    entries = [
        _entry(key, Changes(proposals=tuple(keys), left=tuple(left.get(key, ()))))
        for key, keys in changed.items()
    ]
    if entries:
        await database[JOURNAL].bulk_write(entries, ordered=False)


async def note_unlisted(database: Database, organization: OrganizationId) -> None:
    """Notes that more rows of an organization may have changed than are listed."""
    await database[JOURNAL].bulk_write([_entry(organization, Changes(unlisted=True))])


def _entry(organization: OrganizationId, changes: Changes) -> UpdateOne:
    """Adds an entry with the database's time, which is the same for all gateways."""
    content = {
        "organization": {"$literal": organization},
        "at": "$$NOW",
        "changes": msgspec.msgpack.encode(changes),
    }
    return UpdateOne({"_id": ObjectId()}, [{"$set": content}], upsert=True)
