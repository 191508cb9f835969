"""The inbox's filter as callers send it: in the query of a list, in the body of a bulk change."""

from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from tuyen_events.conversation_filter import ConversationFilter, Holder
from tuyen_events.ids import AgentId, PageId
from tuyen_events.limits import EXTERNAL_ID_CHARACTERS, ID_CHARACTERS, QUERY_CHARACTERS
from tuyen_events.vocabulary import Channel, ConversationKind
from tuyen_gateway.api.bodies import RequestBody
from tuyen_gateway.api.dependencies import Caller, CurrentCaller
from tuyen_gateway.api.words import Known


class FilterFields(BaseModel):
    """All must match; what is omitted matches everything."""

    model_config = ConfigDict(frozen=True)

    kind: ConversationKind | None = None
    channel: Known[Channel] | None = None
    page: str | None = Field(default=None, max_length=ID_CHARACTERS)
    state: Literal["all", "unread"] = "all"
    assignee: str | None = Field(
        default=None,
        max_length=ID_CHARACTERS,
        description="An agent's id, `me`, or `none` for the unassigned.",
    )
    tag: str | None = Field(default=None, max_length=ID_CHARACTERS)
    q: str | None = Field(
        default=None,
        max_length=QUERY_CHARACTERS,
        description="A part of the customer's name, accents ignored.",
    )
    external_id: str | None = Field(default=None, max_length=EXTERNAL_ID_CHARACTERS)
    done: bool | None = None

    def to_filter(self, caller: Caller) -> ConversationFilter:
        """The filter as `caller` means it: `me` is the caller."""
        return ConversationFilter(
            kind=self.kind,
            channel=self.channel,
            page_id=None if self.page is None else PageId(self.page),
            unread=self.state == "unread",
            held_by=_read_assignee_filter(self.assignee, caller),
            tag=self.tag,
            name=None if self.q is None else self.q.strip() or None,
            external_id=self.external_id,
            done=self.done,
        )


def _read_assignee_filter(assignee: str | None, caller: Caller) -> Holder | None:
    match assignee:
        case None:
            return None
        case "none":
            return Holder(agent_id=None)
        case "me":
            return Holder(agent_id=caller.viewer.agent_id)
        case agent_id:
            return Holder(agent_id=AgentId(agent_id))


class FilterIn(FilterFields, RequestBody):
    """The filters of the list of conversations; all must match."""


async def _of_query(
    fields: Annotated[FilterFields, Query()], caller: CurrentCaller
) -> ConversationFilter:
    return fields.to_filter(caller)


QueriedFilter = Annotated[ConversationFilter, Depends(_of_query)]
"""The filter in the request's query; parameters that it does not know are ignored."""
