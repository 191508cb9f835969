"""What a change of the directory has to fit."""

from tuyen_events.directory import DirectoryEvent

_BOOKKEEPING = frozenset({"at", "by", "version"})


def unchanged(before: DirectoryEvent, after: DirectoryEvent) -> bool:
    """Whether two records of an entity differ in nothing but who wrote them and when."""
    return type(before) is type(after) and all(
        getattr(before, name) == getattr(after, name)
        for name in before.__struct_fields__
        if name not in _BOOKKEEPING
    )
