"""Lists: `{"items", "next", "position"}`, cut by `limit` and continued by `cursor`."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query
from pydantic import BaseModel

from tuyen_gateway.errors import InvalidError

MAX_LIMIT = 200
DEFAULT_LIMIT = 50

T = TypeVar("T")
Item = TypeVar("Item")


class Listed(BaseModel, Generic[Item]):
    """One page of a list. `next` is the cursor of the following one, null at the end; `position`
    is how far the answering view has come."""

    items: list[Item]
    next: str | None
    position: str


@dataclass(frozen=True, slots=True)
class Paging:
    limit: int
    after: str | None
    """What the cursor stands for: the last key of the page before."""

    def cut(self, entries: Sequence[T], key: Callable[[T], str]) -> tuple[list[T], str | None]:
        """The page of `entries`, which are in ascending order of `key`, and the next cursor."""
        after = self.after
        rest = entries if after is None else [one for one in entries if key(one) > after]
        page = list(rest[: self.limit])
        return page, encode_cursor(key(page[-1])) if len(rest) > self.limit else None


def encode_cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """What `encode_cursor` was given. Raises InvalidError for what it never gave."""
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidError("query.cursor", "This is no cursor: start again without one.") from error


async def _paging(
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None, Query(max_length=1000, description="The `next` of the page before.")
    ] = None,
) -> Paging:
    return Paging(limit, None if cursor is None else decode_cursor(cursor))


CurrentPaging = Annotated[Paging, Depends(_paging)]
