"""End-to-end tests: what looks at the shops of all others is the last."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: "reader" in getattr(item, "fixturenames", ()))
