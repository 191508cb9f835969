"""Handles commands about tags.

Decides C5.
"""

from typing import assert_never

import msgspec

from tuyen_crm.domain.decision import (
    CommandDecision,
    build_event,
    decide_applied,
    decide_conflict,
    decide_refused,
    decide_unchanged,
)
from tuyen_crm.domain.known import KnownState
from tuyen_crm.domain.state import ContactState
from tuyen_crm.domain.survivors import decide_for_survivor
from tuyen_events.crm.records import CrmRefusal
from tuyen_events.crm.tags import AddTag, RemoveTag, TagAdded, TagRemoved, fold_tag
from tuyen_events.limits import TAGS

TagCommands = AddTag | RemoveTag


def decide(known: KnownState, command: TagCommands) -> CommandDecision:
    return decide_for_survivor(known, command, decide_tag)


def decide_tag(contact: ContactState, command: TagCommands) -> CommandDecision:
    """Whether the contact has the tag after the command."""
    if command.expected_version not in (None, contact.version):
        return decide_conflict(contact.version)
    folded = fold_tag(command.tag)
    written = next((each for each in contact.tags if fold_tag(each) == folded), None)
    if (written is not None) is isinstance(command, AddTag):
        return decide_unchanged(contact.version)
    match command:
        case AddTag() if len(contact.tags) >= TAGS:
            return decide_refused(CrmRefusal.TOO_MANY, contact.version)
        case AddTag():
            return decide_applied(build_event(command, TagAdded, contact.sequence + 1))
        case RemoveTag():
            named = msgspec.structs.replace(command, tag=written or command.tag)
            return decide_applied(build_event(named, TagRemoved, contact.sequence + 1))
        case _:
            assert_never(command)
