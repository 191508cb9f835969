"""The names of files, as people chose them."""

from tuyen_events.limits import NAME_CHARACTERS

_ENDING_CHARACTERS = 10


def clean_name(name: str) -> str | None:
    """The name of a file as it can be stored and put into a header: without folders and control
    characters, not too long, and with its ending; None if nothing is left."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(one for one in last if one.isprintable()).strip(". ")
    if len(shown) <= NAME_CHARACTERS:
        return shown or None
    stem, dot, ending = shown.rpartition(".")
    if not dot or len(ending) > _ENDING_CHARACTERS:
        return shown[:NAME_CHARACTERS]
    return stem[: NAME_CHARACTERS - len(ending) - 1] + dot + ending
