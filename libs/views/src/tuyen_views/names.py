"""Finds documents by a part of a name, with an index (I4).

An index of MongoDB finds what a text begins with, and not what it contains. A name contains a text
exactly if one of the name's suffixes begins with that text. So a document has its name's suffixes
in the field `SUFFIXES`, cut to a length at which hardly any two people have the same one.
"""

import re

from bson.regex import Regex

from tuyen_platform.mongodb import Document
from tuyen_platform.text import fold_accents

NAME, SUFFIXES = "name_folded", "name_suffixes"
"""The fields of a document with the folded name, and with the suffixes of that."""

SUFFIX_CHARACTERS = 16
_MOST_SUFFIXES = 600
"""A name has 200 characters at most, and a Hangul syllable becomes three letters when it is
folded."""

_BAR, _STAND_IN = "|", "\ue000"
"""MongoDB uses no index for a pattern with a bar, so suffixes have another character in its
place."""

_BEGINNING = "\ue001"
"""Before the suffix that is the beginning of a name, where these are marked."""


def list_suffixes(folded: str | None) -> tuple[str, ...]:
    """The suffixes of a folded name, each once; of a name that is longer than any, those of its
    beginning."""
    if folded is None:
        return ()
    shown = folded.replace(_BAR, _STAND_IN)
    places = range(min(len(shown), _MOST_SUFFIXES))
    return tuple(sorted({shown[at : at + SUFFIX_CHARACTERS] for at in places}))


def list_marked_suffixes(folded: str) -> tuple[str, ...]:
    """The same, with a mark at the suffix with which the name begins. So the names that begin with
    a text, and those that contain it later, are found and counted each by themselves."""
    shown = folded.replace(_BAR, _STAND_IN)
    places = range(1, min(len(shown), _MOST_SUFFIXES))
    later = {shown[at : at + SUFFIX_CHARACTERS] for at in places}
    beginning = {_BEGINNING + shown[:SUFFIX_CHARACTERS]} if shown else set()
    return tuple(sorted(later | beginning))


def find_beginning(text: str) -> Document:
    """The condition for marked suffixes: the name begins with the text. It is exact if
    `is_suffix`; then only it may be used."""
    return {"$regex": "^" + re.escape(_BEGINNING + text.replace(_BAR, _STAND_IN))}


def find_anywhere(text: str) -> Document:
    """The condition for marked suffixes: `find_suffix` for those that are not marked."""
    later, beginning = find_suffix(text), find_beginning(text)
    if not is_suffix(text):
        return later  # its end is no beginning
    return {"$in": [Regex(each["$regex"]) for each in (beginning, later)]}


def match_part(name: str) -> Document:
    """A query for the documents whose name contains `name`, regardless of accents and case.

    An index of `SUFFIXES` answers it with the documents that are found and no others, unless `name`
    is longer than a suffix: then by its end, because Vietnamese family names, which come first, are
    few.
    """
    folded = fold_accents(name)
    query: Document = {SUFFIXES: find_suffix(folded)}
    return query if is_suffix(folded) else {**query, **match_each_part(name)}


def find_suffix(text: str) -> Document:
    """The condition for a field with suffixes. It is exact if `is_suffix`; otherwise the texts must
    be compared as well."""
    end = text[-SUFFIX_CHARACTERS:].replace(_BAR, _STAND_IN)
    return {"$regex": "^" + re.escape(end)}


def is_suffix(text: str) -> bool:
    """Whether the suffixes alone tell which texts contain this one."""
    return len(text) <= SUFFIX_CHARACTERS and not {_BAR, _STAND_IN, _BEGINNING} & set(text)


def match_each_part(name: str) -> Document:
    """The same query for an index in another order, which has `NAME` as one of its fields: every
    name in it is compared until enough are found."""
    return {NAME: {"$regex": re.escape(fold_accents(name))}}
