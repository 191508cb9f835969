"""What the routes of all directory entities have in common."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from tuyen_directory.organization import StoredEntity
from tuyen_gateway.api.dependencies import Caller
from tuyen_gateway.api.paging import Listed, Paging
from tuyen_gateway.api.positions import directory_position
from tuyen_gateway.errors import NotFoundError
from tuyen_gateway.gateway import Gateway
from tuyen_gateway.ports.directory import EntityT

IdT = TypeVar("IdT", bound=str)
ViewT = TypeVar("ViewT")


def list_entities(
    gateway: Gateway,
    caller: Caller,
    paging: Paging,
    entities: Mapping[IdT, StoredEntity[EntityT]],
    view: Callable[[StoredEntity[EntityT]], ViewT],
) -> Listed[ViewT]:
    """A page of the list of all, in the order of their ids."""
    page, following = paging.cut(sorted(entities.items()), lambda item: item[0])
    return Listed(
        items=[view(stored) for _, stored in page],
        next=following,
        position=directory_position(gateway, caller.organization.id),
    )


def find_existing(
    what: str, entities: Mapping[IdT, StoredEntity[EntityT]], entity_id: IdT
) -> StoredEntity[EntityT]:
    """One of the entities. Raises NotFoundError, which names its kind, `what`."""
    stored = entities.get(entity_id)
    if stored is None:
        raise NotFoundError(f"There is no {what} {entity_id!r}.")
    return stored
