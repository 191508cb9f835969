"""How many histories are tried: the same ones in every run, more by TUYEN_HISTORIES."""

import os
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(scope="session")
def histories() -> int:
    """How many times a number of histories to try."""
    return int(os.environ.get("TUYEN_HISTORIES", "1"))


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """A hundred thousand decisions are not logged."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    yield
    structlog.configure(**before)
