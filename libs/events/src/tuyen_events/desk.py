"""What agents work with: templates, saved views and preferences (I7, I15). Compacted, one record
per entity, the latest one counts.

Keyed `organization/entity/agent/id`; the agent is empty for what belongs to the organization. A
record without a value removes its entity.
"""

from typing import Any, ClassVar, NamedTuple

from tuyen_events.event import Event
from tuyen_events.ids import AgentId, OrganizationId, TemplateId, ViewId
from tuyen_events.vocabulary import Channel, Moment


class DeskEvent(Event, frozen=True, kw_only=True):
    organization: OrganizationId
    by: AgentId
    """Who changed it."""
    at: Moment


class TemplateChanged(DeskEvent, frozen=True, kw_only=True):
    """A text that agents send (I7). It may contain placeholders, such as `{{customer.name}}`."""

    type: ClassVar[str] = "template.changed.v1"
    id: TemplateId
    title: str
    text: str
    channels: tuple[Channel, ...] | None = None
    """The channels that it is meant for; null is all."""


class ViewChanged(DeskEvent, frozen=True, kw_only=True):
    """A filter of the inbox with a name (I15). `agent_id` is whose it is; null for one that is
    shared with the whole organization."""

    type: ClassVar[str] = "view.changed.v1"
    id: ViewId
    agent_id: AgentId | None
    name: str
    filter: dict[str, Any]
    """The parameters of the list of conversations, as callers send them: `assignee` may be `me`,
    which is whoever opens the view."""


class PreferencesChanged(DeskEvent, frozen=True, kw_only=True):
    """All preferences of an agent (I15). What they mean is up to the agent's program."""

    type: ClassVar[str] = "preferences.changed.v1"
    agent_id: AgentId
    preferences: dict[str, Any]


class DeskKey(NamedTuple):
    """What a record of the topic is about. `agent_id` is empty for what belongs to the
    organization, `id` for what an agent has once."""

    organization: OrganizationId
    entity: str
    agent_id: str
    id: str

    def __str__(self) -> str:
        return "/".join(self)


TEMPLATE, SAVED_VIEW, PREFERENCES = "template", "view", "preferences"

REMOVED_TYPES = tuple(f"{entity}.removed.v1" for entity in (TEMPLATE, SAVED_VIEW, PREFERENCES))
"""The types of the records without a value, each for one kind of entity."""


def removed_type(key: DeskKey) -> str:
    """The type of the record without a value that removes an entity."""
    return f"{key.entity}.removed.v1"


def desk_key(event: DeskEvent) -> DeskKey:
    """The key of the record that contains `event`."""
    match event:
        case TemplateChanged():
            return DeskKey(event.organization, TEMPLATE, "", event.id)
        case ViewChanged():
            return DeskKey(event.organization, SAVED_VIEW, event.agent_id or "", event.id)
        case PreferencesChanged():
            return DeskKey(event.organization, PREFERENCES, event.agent_id, "")
        case _:
            raise TypeError(f"{event.type} has no place in the topic")


def split_desk_key(key: str) -> DeskKey | None:
    """The parts of a record's key; None for one that does not belong to the topic."""
    match key.split("/"):
        case [organization, entity, agent_id, entity_id] if organization:
            return DeskKey(OrganizationId(organization), entity, agent_id, entity_id)
        case _:
            return None
