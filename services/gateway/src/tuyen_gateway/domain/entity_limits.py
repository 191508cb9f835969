"""How many entities an organization may set up: every process stores all of them, so their number
has to be bounded (R9.5).

Every service stores the whole directory, and the router makes a pool of all members of a rule.
"""

from collections.abc import Callable, Mapping

from tuyen_directory.organization import Organization, entities, entity_of, find_entity
from tuyen_events import limits
from tuyen_events.crm_limits import INTEGRATIONS
from tuyen_events.directory import DirectoryEvent, GroupChanged, PageChanged, RuleChanged
from tuyen_gateway.errors import InvalidError

_MOST: Mapping[str, int] = {
    "agent": limits.AGENTS,
    "page": limits.PAGES,
    "rule": limits.RULES,
    "department": limits.DEPARTMENTS,
    "region": limits.REGIONS,
    "group": limits.GROUPS,
    "link": limits.LINKS,
    "integration": INTEGRATIONS,
}


def check_limits(organization: Organization, change: DirectoryEvent) -> None:
    """Raises InvalidError if the organization would have too many entities of a kind, or if all of
    a kind together would name too many members. An existing entity may always be changed if it does
    not grow."""
    entity, entity_id = entity_of(change)
    before = find_entity(organization, entity, entity_id)
    standing = entities(organization, entity)
    most = _MOST.get(entity)
    if before is None and most is not None and len(standing) >= most:
        raise InvalidError(
            "", f"An organization has at most {most} of these ({entity}): remove one first."
        )
    for field, named in _NAMED.items():
        own, old = named(change), 0 if before is None else named(before.value)
        if own <= old:
            continue
        others = sum(named(stored.value) for stored in standing.values()) - old
        if others + own > limits.PLACES:
            raise InvalidError(
                field,
                f"All of an organization's {entity} entries together name at most {limits.PLACES}: "
                "name fewer here, or elsewhere.",
            )


def _members(event: DirectoryEvent) -> int:
    return len(event.members) if isinstance(event, RuleChanged | GroupChanged) else 0


def _pages(event: DirectoryEvent) -> int:
    return len(event.pages or ()) if isinstance(event, RuleChanged) else 0


def _staff(event: DirectoryEvent) -> int:
    return len(event.staff) if isinstance(event, PageChanged) else 0


_NAMED: Mapping[str, Callable[[DirectoryEvent], int]] = {
    "members": _members,
    "pages": _pages,
    "staff": _staff,
}
