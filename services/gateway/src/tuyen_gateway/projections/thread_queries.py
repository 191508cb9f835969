"""Queries for the messages of a thread."""

from tuyen_gateway.domain.threads import Instant
from tuyen_platform.mongodb import Document

IN_THREAD: Document = {"part_of": None, "held": {"$ne": True}}
"""Of the messages of a thread, those that it shows (`is_in_thread`)."""


def later_than(moment: Instant, id_: str | None = None) -> Document:
    """The messages of a thread that come after a moment or, with an id, after that message."""
    at, accepted_at, accepted_us = moment
    later: list[Document] = [
        {"at": {"$gt": at}},
        {"at": at, "accepted_at": {"$gt": accepted_at}},
        {"at": at, "accepted_at": accepted_at, "accepted_us": {"$gt": accepted_us}},
    ]
    if id_ is not None:
        alike = {"at": at, "accepted_at": accepted_at, "accepted_us": accepted_us}
        later.append({**alike, "_id": {"$gt": id_}})
    return {"at": {"$gte": at}, "$or": later}


def earlier_than(moment: Instant, id_: str) -> Document:
    """The messages of a thread that come before a message."""
    at, accepted_at, accepted_us = moment
    return {
        "at": {"$lte": at},
        "$or": [
            {"at": {"$lt": at}},
            {"at": at, "accepted_at": {"$lt": accepted_at}},
            {"at": at, "accepted_at": accepted_at, "accepted_us": {"$lt": accepted_us}},
            {
                "at": at,
                "accepted_at": accepted_at,
                "accepted_us": accepted_us,
                "_id": {"$lt": id_},
            },
        ],
    }
