"""Phone numbers and emails that customers wrote, until an agent accepts or declines them (C3).

These events change the contact's own document.
"""

from tuyen_crm.domain.suggesting import SuggestionEvents, apply_suggestions
from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.suggestions import decide, view
from tuyen_events.crm.suggestions import (
    AnswerSuggestion,
    SuggestionAccepted,
    SuggestionDeclined,
    SuggestionsOffered,
)
from tuyen_views.contacts import CONTACTS_VIEW, ContactDocument

ENTITY: Entity[AnswerSuggestion, SuggestionEvents, ContactDocument] = Entity(
    name="suggestions",
    commands=(AnswerSuggestion,),
    decide=decide.decide,
    events=(SuggestionsOffered, SuggestionAccepted, SuggestionDeclined),
    view=CONTACTS_VIEW,
    key=lambda event: event.contact_id,
    fold=view.fold,
    describe=view.describe,
    evolve=apply_suggestions,
)
