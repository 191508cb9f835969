"""Lists: `{"items", "next", "position"}`, limited by `limit` and continued by `cursor`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import gt, lt
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel

from tuyen_events.limits import CURSOR_CHARACTERS, CURSOR_LASTS_S, LISTED
from tuyen_gateway.api.dependencies import GatewayPorts
from tuyen_gateway.errors import InvalidCursorError
from tuyen_gateway.ports.logins import Cipher

DEFAULT_LIMIT = 50

CURSOR_LASTS = timedelta(seconds=CURSOR_LASTS_S)

T = TypeVar("T")
Item = TypeVar("Item")


class Listed(BaseModel, Generic[Item]):
    """One page of a list. `next` is the cursor of the next page, null at the end; `position` is how
    far the view had read."""

    items: list[Item]
    next: str | None
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    limit: int
    after: str | None
    """The content of the cursor: the last key of the page before."""
    path: str
    """The list that the cursor belongs to: it continues no other."""
    cipher: Cipher

    def cut(
        self, entries: Sequence[T], key: Callable[[T], str], *, descending: bool = False
    ) -> tuple[list[T], str | None]:
        """The page of `entries`, which must be in the order of `key`, and the next cursor."""
        after, follows = self.after, lt if descending else gt
        rest = entries if after is None else [one for one in entries if follows(key(one), after)]
        page = list(rest[: self.limit])
        return page, self.cursor(key(page[-1]) if len(rest) > self.limit else None)

    def cursor(self, key: str | None) -> str | None:
        """The cursor of the page that follows `key`; null at the end."""
        return None if key is None else self.cipher.encrypt(self.path, key)


async def _paging(
    request: Request,
    gateway: GatewayPorts,
    limit: Annotated[int, Query(ge=1, le=LISTED)] = DEFAULT_LIMIT,
    cursor: Annotated[
        str | None,
        Query(max_length=CURSOR_CHARACTERS, description="The `next` of the page before."),
    ] = None,
) -> Paging:
    path, after = request.url.path, None
    if cursor is not None:
        after = gateway.cipher.decrypt(path, cursor, CURSOR_LASTS)
        if after is None:
            raise InvalidCursorError(
                "This cursor is invalid for this list, or has expired: start again without one."
            )
    return Paging(limit=limit, after=after, path=path, cipher=gateway.cipher)


CurrentPaging = Annotated[Paging, Depends(_paging)]
