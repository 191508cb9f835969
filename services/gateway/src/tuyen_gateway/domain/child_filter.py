"""The filter and the order of lists of child entities across contacts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from tuyen_events.conversation_filter import Holder


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildFilter:
    """Matches children that match everything that is set.

    `words` has the required values of fields, by their names. `since` and `until` limit the time in
    the field `moment`: from the one on, and before the other. With `by_moment` the earliest comes
    first; otherwise the newest child does.
    """

    held_by: Holder | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    moment: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    by_moment: bool = False
