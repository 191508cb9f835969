"""Notes about a contact, for viewers who see the contact (C5)."""

from fastapi import APIRouter
from pydantic import ConfigDict

from tuyen_events.crm.notes import AddNote, ChangeNote, RemoveNote
from tuyen_gateway.api.crm.child_routes import ChildBody, ChildKind, ChildView, add_child_routes
from tuyen_gateway.api.crm.entities import LEFT_OUT
from tuyen_gateway.api.crm.fields import LongText
from tuyen_gateway.api.paging import Listed
from tuyen_views.notes import NOTES_VIEW

router = APIRouter(tags=["contacts"])


class NoteIn(ChildBody):
    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Thích giày size 42."}]})

    text: LongText


class NotePatch(ChildBody):
    """Fields that are left out do not change."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"text": "Thích giày size 42."}]})

    text: LongText = LEFT_OUT


class NoteView(ChildView):
    text: str


add_child_routes(
    router,
    ChildKind(
        one="note",
        many="notes",
        view=NOTES_VIEW,
        content=NoteIn,
        changes=NotePatch,
        shown=NoteView,
        listed=Listed[NoteView],
        add=AddNote,
        change=ChangeNote,
        remove=RemoveNote,
    ),
)
