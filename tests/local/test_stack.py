"""The stack around its services, for which stand-ins are started here."""

import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from support import standin
from support.processes import has_ended, read_environment, until
from tuyen_doubles.registry import host_paths
from tuyen_local import organization
from tuyen_local.errors import CannotStart
from tuyen_local.stack import DOUBLES, SERVICES, Stack


@pytest.fixture
def standins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for service in (DOUBLES, *SERVICES):
        package = tmp_path / "standins" / f"tuyen_{service}"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        shutil.copy(standin.__file__, package / "__main__.py")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "standins"))


@pytest.fixture
async def stack(
    standins: None, tmp_path: Path, kafka: str, mongodb: str, topic_prefix: str
) -> AsyncIterator[Stack]:
    async with Stack.on_free_ports(
        tmp_path / "var",
        kafka=kafka,
        mongodb=mongodb,
        topic_prefix=topic_prefix,
        router_workers=2,
    ) as stack:
        yield stack


async def test_inside_of_it_topics_are_there_and_every_process_is_ready(
    stack: Stack, topic_prefix: str
) -> None:
    async with httpx.AsyncClient() as client:
        for name in (DOUBLES, *SERVICES, "router-2"):
            answer = await client.get(f"{stack.url(name)}/readyz")
            assert answer.json()["pid"] == stack.pid(name)
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka)
    await admin.start()
    topics = await admin.list_topics()
    await admin.close()
    assert f"{topic_prefix}inbound" in topics


async def test_a_killed_worker_comes_back_and_another_can_join(stack: Stack) -> None:
    killed = stack.pid("router")
    stack.kill("router")
    await until(lambda: stack.pid("router") != killed)
    assert await stack.start_worker("router") == "router-3"
    await stack.wait_ready()
    assert has_ended(killed)
    assert len({stack.pid("router"), stack.pid("router-2"), stack.pid("router-3")}) == 3


async def test_a_second_stack_in_its_directory_is_refused(stack: Stack) -> None:
    with pytest.raises(CannotStart, match="runs already"):
        async with Stack(stack.settings):
            pass


async def test_without_addresses_of_the_channels_the_services_call_the_doubles(
    stack: Stack,
) -> None:
    environment = read_environment(stack.pid("gateway"))
    doubles = stack.url(DOUBLES)
    assert environment["TUYEN_FACEBOOK_API"] == f"{doubles}/graph.facebook.com"
    assert environment["TUYEN_FACEBOOK_DIALOG"] == f"{doubles}/www.facebook.com"
    assert environment["TUYEN_ZALO_API"] == f"{doubles}/openapi.zalo.me"
    assert environment["TUYEN_ZALO_OAUTH"] == f"{doubles}/oauth.zaloapp.com"
    assert read_environment(stack.pid(DOUBLES))["TUYEN_INGEST_URL"] == stack.ingest_url


async def test_with_addresses_of_all_channels_no_doubles_are_started(
    standins: None, tmp_path: Path, kafka: str, mongodb: str, topic_prefix: str
) -> None:
    names = host_paths()
    given = {name: f"https://{name}.example" for name in names}
    async with Stack.on_free_ports(
        tmp_path / "var",
        kafka=kafka,
        mongodb=mongodb,
        topic_prefix=topic_prefix,
        channel_addresses=given,
    ) as stack:
        environment = read_environment(stack.pid("gateway"))
        with pytest.raises(KeyError):
            stack.pid(DOUBLES)
        await organization.bootstrap(stack.gateway_url, stack.settings, stack.secrets)
        recorded = (stack.data_dir / "gateway" / "requests").read_text()
    found = {name: environment[f"TUYEN_{name.upper()}"] for name in names}
    assert found == given
    assert "/v1/pages/shop" in recorded
    assert "access_token" not in recorded  # the real Facebook does not know the demo's page


async def test_every_process_has_ended_after_it(
    standins: None, tmp_path: Path, kafka: str, mongodb: str, topic_prefix: str
) -> None:
    async with Stack.on_free_ports(
        tmp_path / "var", kafka=kafka, mongodb=mongodb, topic_prefix=topic_prefix
    ) as stack:
        pids = [stack.pid(name) for name in (DOUBLES, *SERVICES)]
    assert all(has_ended(pid) for pid in pids)


async def test_the_demo_organization_is_made_once_and_then_left_as_it_is(stack: Stack) -> None:
    for _ in range(2):
        await organization.bootstrap(stack.gateway_url, stack.settings, stack.secrets)
    recorded = (stack.data_dir / "gateway" / "requests").read_text().splitlines()
    requests = [json.loads(line) for line in recorded]
    first, login, *changes, again, login_again = requests
    assert [again, login_again] == [first, login]
    assert first["authorization"] == f"Bearer {stack.secrets.operator_token}"
    assert first["body"]["admin"]["password"] == stack.secrets.bootstrap_password
    assert login["path"] == "/v1/auth/login"
    assert {change["method"] for change in changes} == {"PUT"}
    assert {change["authorization"] for change in changes} == {"Bearer token-of-the-admin"}
    assert [change["path"] for change in changes] == [
        "/v1/agents/lan",
        "/v1/agents/minh",
        "/v1/agents/hoa",
        "/v1/pages/shop",
        "/v1/pages/site",
        "/v1/rules/everyone",
        "/v1/settings",
    ]
