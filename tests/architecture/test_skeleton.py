"""Every service has the same skeleton, so that whoever knows one finds the way in all."""

import importlib
import inspect

import pytest

from tuyen_platform.service import Service

SERVICES = ["ingest", "router", "presence", "crm", "gateway"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_built_from_its_settings_a_log_and_a_clock(name: str) -> None:
    build = importlib.import_module(f"tuyen_{name}.bootstrap").build
    signature = inspect.signature(build)
    assert list(signature.parameters) == ["settings", "log", "clock"]
    assert signature.return_annotation is Service


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_keeps_its_rules_in_a_domain(name: str) -> None:
    assert importlib.import_module(f"tuyen_{name}.domain").__doc__
