"""Memory with a bound: the doubles run for weeks, and what they are sent never ends."""

from collections import OrderedDict
from typing import Generic, TypeVar

BoundedKeyT = TypeVar("BoundedKeyT")
BoundedValueT = TypeVar("BoundedValueT")


class BoundedMap(Generic[BoundedKeyT, BoundedValueT]):
    """A mapping of at most `most` entries: beyond them, the one that was written longest ago is
    forgotten."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[BoundedKeyT, BoundedValueT] = OrderedDict()

    def __contains__(self, key: BoundedKeyT) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: BoundedKeyT) -> BoundedValueT | None:
        return self._entries.get(key)

    def put(self, key: BoundedKeyT, value: BoundedValueT) -> None:
        """Writes an entry, which is then the newest."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)

    def pop(self, key: BoundedKeyT) -> BoundedValueT | None:
        """Removes an entry and returns its value; None if there is none."""
        return self._entries.pop(key, None)
