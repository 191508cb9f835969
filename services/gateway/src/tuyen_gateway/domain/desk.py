"""The desk of one organization: the templates, saved views and preferences of its agents, and how
many of each there may be.

Decides I15.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from tuyen_events import limits
from tuyen_events.desk import (
    PREFERENCES,
    SAVED_VIEW,
    TEMPLATE,
    DeskEvent,
    DeskKey,
    PreferencesChanged,
    TemplateChanged,
    ViewChanged,
)
from tuyen_events.ids import AgentId, OrganizationId, TemplateId, ViewId
from tuyen_gateway.errors import ForbiddenError, InvalidError, NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskEntity:
    """One record: its event, its number, and how many bytes it has."""

    value: DeskEvent
    version: int
    size: int


@dataclass(slots=True)
class OrganizationDesk:
    """All of it, as far as the records were applied."""

    version: int = 0
    size: int = 0
    entities: dict[str, dict[str, dict[str, DeskEntity]]] = field(default_factory=dict)
    """By kind, by agent (empty for the organization's own), by id."""

    def find(self, key: DeskKey) -> DeskEntity | None:
        return self.entities.get(key.entity, {}).get(key.agent_id, {}).get(key.id)

    def of(self, entity: str, agent_id: str = "") -> dict[str, DeskEntity]:
        """The entities of one kind that the agent, or (empty) the organization has."""
        return self.entities.get(entity, {}).get(agent_id, {})

    def apply(self, key: DeskKey, entity: DeskEntity) -> None:
        self._drop(key)
        self.entities.setdefault(key.entity, {}).setdefault(key.agent_id, {})[key.id] = entity
        self.size += entity.size

    def remove(self, key: DeskKey) -> None:
        self._drop(key)
        owners = self.entities.get(key.entity, {})
        if key.agent_id in owners and not owners[key.agent_id]:
            del owners[key.agent_id]

    def _drop(self, key: DeskKey) -> None:
        before = self.of(key.entity, key.agent_id).pop(key.id, None)
        if before is not None:
            self.size -= before.size

    def owners(self) -> Iterator[AgentId]:
        """The agents who have something, each once."""
        found = {agent_id for kind in self.entities.values() for agent_id in kind if agent_id}
        return map(AgentId, sorted(found))

    def keys_of(self, organization: OrganizationId, agent_id: AgentId) -> Sequence[DeskKey]:
        """The keys of everything that the agent has."""
        return [
            DeskKey(organization, entity, agent_id, entity_id)
            for entity, owners in self.entities.items()
            for entity_id in owners.get(agent_id, {})
        ]


def check_room(desk: OrganizationDesk, key: DeskKey, size: int) -> None:
    """Raises InvalidError if there would be too many entities of a kind, or too many bytes. What
    exists may always be replaced by something that is not longer."""
    before = desk.find(key)
    most = _most(key)
    if before is None and most is not None and len(desk.of(key.entity, key.agent_id)) >= most:
        whose = "You have" if key.agent_id else "An organization has"
        raise InvalidError("", f"{whose} at most {most} of these ({key.entity}): remove one first.")
    old = 0 if before is None else before.size
    if size > old and desk.size - old + size > limits.DESK_BYTES:
        raise InvalidError(
            "",
            "Your organization's templates, views and preferences together have as many bytes as "
            "they may: remove some first.",
        )


def _most(key: DeskKey) -> int | None:
    match key.entity:
        case "template":
            return limits.TEMPLATES
        case "view":
            return limits.VIEWS_OF_AGENT if key.agent_id else limits.SHARED_VIEWS
        case _:
            return None


def template_key(organization: OrganizationId, template_id: TemplateId) -> DeskKey:
    return DeskKey(organization, TEMPLATE, "", template_id)


def preferences_key(organization: OrganizationId, agent_id: AgentId) -> DeskKey:
    return DeskKey(organization, PREFERENCES, agent_id, "")


def view_key(organization: OrganizationId, agent_id: AgentId | None, view_id: ViewId) -> DeskKey:
    return DeskKey(organization, SAVED_VIEW, agent_id or "", view_id)


def key_replaced_by(
    desk: OrganizationDesk, change: ViewChanged, *, may_share: bool
) -> DeskKey | None:
    """The view of the same id that `change` takes the place of, apart from one at its own key: a
    view that was shared and is the editor's own from now on, or the other way round. Raises
    ForbiddenError for a shared view by somebody who may not share."""
    shared = view_key(change.organization, None, change.id)
    own = view_key(change.organization, change.by, change.id)
    if change.agent_id is None:
        _require_sharing(may_share)
        return own if desk.find(own) is not None else None
    taken_back = may_share and desk.find(own) is None and desk.find(shared) is not None
    return shared if taken_back else None


def key_to_remove(
    desk: OrganizationDesk,
    organization: OrganizationId,
    agent_id: AgentId,
    view_id: ViewId,
    *,
    may_share: bool,
) -> DeskKey:
    """The view that an agent removes by its id. Raises NotFoundError and ForbiddenError."""
    own = view_key(organization, agent_id, view_id)
    if desk.find(own) is not None:
        return own
    shared = view_key(organization, None, view_id)
    if desk.find(shared) is None:
        raise NotFoundError(f"There is no view {view_id!r}.")
    _require_sharing(may_share)
    return shared


def _require_sharing(may_share: bool) -> None:
    if not may_share:
        raise ForbiddenError("A shared view is changed by managing roles only.")


def views_of(desk: OrganizationDesk, agent_id: AgentId) -> Sequence[DeskEntity]:
    """The views that an agent may use, in the order of their ids: of two with the same id, their
    own."""
    found = {**desk.of(SAVED_VIEW), **desk.of(SAVED_VIEW, agent_id)}
    return [entity for _, entity in sorted(found.items())]


def is_same(before: DeskEvent, after: DeskEvent) -> bool:
    """Whether two records of an entity differ only in who wrote them and when."""
    match before, after:
        case TemplateChanged(), TemplateChanged():
            return (before.title, before.text, before.channels) == (
                after.title,
                after.text,
                after.channels,
            )
        case ViewChanged(), ViewChanged():
            return before.name == after.name and _same_json(before.filter, after.filter)
        case PreferencesChanged(), PreferencesChanged():
            return _same_json(before.preferences, after.preferences)
        case _:
            return False


def _same_json(before: object, after: object) -> bool:
    """To Python, 1 and true are equal."""
    return msgspec.json.encode(before) == msgspec.json.encode(after)
