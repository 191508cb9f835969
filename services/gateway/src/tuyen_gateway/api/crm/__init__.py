"""The routes of the CRM: one module for each entity.

Modules of this package that have a `router` are found by their place; nothing else has to list
them.
"""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter


def _find_routers() -> Iterator[APIRouter]:
    for module in iter_modules(__path__):
        router = getattr(import_module(f"{__name__}.{module.name}"), "router", None)
        if isinstance(router, APIRouter):
            yield router


ROUTERS: tuple[APIRouter, ...] = tuple(_find_routers())
