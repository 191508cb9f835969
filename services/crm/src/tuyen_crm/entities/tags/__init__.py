"""Tags that agents give contacts (C5)."""

from tuyen_crm.entities.entity import Entity
from tuyen_crm.entities.tags import decide, evolve, view
from tuyen_events.crm.tags import AddTag, RemoveTag, TagAdded, TagRemoved
from tuyen_views.tags import TAGS_VIEW, TagDocument

ENTITY: Entity[decide.TagCommands, TagAdded | TagRemoved, TagDocument] = Entity(
    name="tags",
    commands=(AddTag, RemoveTag),
    decide=decide.decide,
    events=(TagAdded, TagRemoved),
    view=TAGS_VIEW,
    key=view.key,
    fold=view.fold,
    describe=view.describe,
    evolve=evolve.evolve,
    show=view.show,
)
