"""The routes of the CRM: one module for each entity.

Modules of this package that have a `router` are found by their place; nothing else has to list
them.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.params import Depends
from fastapi.routing import APIRoute

from tuyen_gateway.api.crm.access import admit_beside_conversation, require_access
from tuyen_gateway.api.dependencies import authenticate


def _find_routers() -> Iterator[APIRouter]:
    for module in iter_modules(__path__):
        router = getattr(import_module(f"{__name__}.{module.name}"), "router", None)
        if isinstance(router, APIRouter):
            _guard(router)
            yield router


def _guard(router: APIRouter) -> None:
    """Admits only agents who may use the CRM to the routes that agents call (C11), but for those
    that decide it themselves."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            calls = set(_list_calls(route.dependant))
            if authenticate in calls and admit_beside_conversation not in calls:
                route.dependencies.append(Depends(require_access))


def _list_calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for below in dependant.dependencies:
        yield from _list_calls(below)


ROUTERS: tuple[APIRouter, ...] = tuple(_find_routers())
