"""The desk: templates, saved views and preferences (I7, I15)."""

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from tuyen_events.desk import DeskEvent, TemplateChanged, ViewChanged
from tuyen_events.ids import AgentId, OrganizationId, TemplateId, ViewId
from tuyen_events.vocabulary import Channel, Moment
from tuyen_gateway.ports.tables import TableBacked

DeskT_co = TypeVar("DeskT_co", bound=DeskEvent, covariant=True)
DeskT = TypeVar("DeskT", bound=DeskEvent)


class StoredDeskEntity(NamedTuple, Generic[DeskT_co]):
    """The present state of an entity, and the number of the record that it has it from: numbers
    rise with each record of the organization."""

    value: DeskT_co
    version: int


class Editor(NamedTuple):
    """The author of a change, and its time."""

    organization: OrganizationId
    agent_id: AgentId
    at: Moment


class Desk(TableBacked, Protocol):
    """The templates, saved views and preferences of the agents of all organizations.

    What is stored is applied here on return. Every change raises InvalidError when the organization
    or the agent has as many of these as they may, and TooManyAttemptsError when they have written
    as much as they may within an hour. Storing what is stored already writes nothing.
    """

    def template(
        self, organization: OrganizationId, template_id: TemplateId
    ) -> StoredDeskEntity[TemplateChanged] | None: ...

    def templates(
        self, organization: OrganizationId, query: str = "", channel: Channel | None = None
    ) -> Sequence[tuple[str, StoredDeskEntity[TemplateChanged]]]:
        """The templates whose title or text contains `query`, without regard to accents and case,
        and which are meant for `channel`; each with its place in the order of the titles, in which
        they are."""
        ...

    async def put_template(
        self,
        editor: Editor,
        template_id: TemplateId,
        *,
        title: str,
        text: str,
        channels: tuple[Channel, ...] | None,
    ) -> StoredDeskEntity[TemplateChanged]: ...

    async def remove_template(self, editor: Editor, template_id: TemplateId) -> int:
        """Returns the removal's version. Raises NotFoundError when there is no such template."""
        ...

    def views(
        self, organization: OrganizationId, agent_id: AgentId
    ) -> Sequence[StoredDeskEntity[ViewChanged]]:
        """The views that the agent may use, in the order of their ids: their own, and the shared
        ones whose id none of their own has."""
        ...

    async def put_view(
        self,
        editor: Editor,
        view_id: ViewId,
        *,
        name: str,
        conditions: dict[str, Any],
        shared: bool,
        may_share: bool,
    ) -> StoredDeskEntity[ViewChanged]:
        """Stores a view of the editor's own, or a shared one. A view changes from one to the other
        if the editor may share, and if it is the only one of this id that they can use. Raises
        ForbiddenError for a shared one by somebody who may not share."""
        ...

    async def remove_view(self, editor: Editor, view_id: ViewId, *, may_share: bool) -> int:
        """Removes the editor's own view or, if there is none of this id, the shared one; returns
        the removal's version. Raises NotFoundError, and ForbiddenError as `put_view` does."""
        ...

    def preferences(self, organization: OrganizationId, agent_id: AgentId) -> dict[str, Any]:
        """All preferences of the agent; empty if none was ever set."""
        ...

    async def put_preferences(self, editor: Editor, preferences: dict[str, Any]) -> int:
        """Replaces all preferences of the editor; returns the version."""
        ...

    async def forget(self, organization: OrganizationId, agent_id: AgentId, at: Moment) -> None:
        """Removes the views and preferences of an agent who was removed (R9.6). What they wrote for
        the organization stays."""
        ...

    def owners(self) -> Sequence[tuple[OrganizationId, AgentId]]:
        """All agents who have views or preferences."""
        ...

    def version(self, organization: OrganizationId) -> int:
        """The number of the organization's last record."""
        ...

    async def wait_for_version(self, organization: OrganizationId, version: int) -> None:
        """Returns once the organization's `version` is applied; else raises UnavailableError after
        5 s."""
        ...
