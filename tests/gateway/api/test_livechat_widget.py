"""L4: the gateway serves the widget's script as ingest does, with ingest's address in it."""

import pytest

from gateway.rig import Rig, User, running
from tuyen_channels.livechat.widget import WidgetScript
from tuyen_platform.clock import ManualClock
from tuyen_platform.kafka.memory import InMemoryLog

INGEST = "https://ingest.example"
FROM_A_SITE = {"Origin": "https://shop.example", "Accept-Encoding": "gzip"}


async def connect_site(boss: User, **changed: object) -> str:
    """The address of its script."""
    body = {"channel": "livechat", "name": "Trang web", **changed}
    page = await boss.done("PUT", "/v1/pages/site", body)
    return f"/livechat/{page['app_id']}/widget.js"


async def test_l4_the_script_speaks_with_ingest_at_its_public_address(
    log: InMemoryLog, clock: ManualClock
) -> None:
    async with running(log, clock, ingest_url=f"{INGEST}/") as rig:
        address = await connect_site(await rig.organization())
        script = await rig.client.get(address, headers=FROM_A_SITE)
        assert script.status_code == 200
        assert f'const HOME = "{INGEST}";' in script.text
        assert script.content == WidgetScript(INGEST).content


async def test_l4_it_has_the_headers_that_ingest_sends(rig: Rig, boss: User) -> None:
    address = await connect_site(boss, sites=["https://shop.example"])
    given = {"accept-encoding": "gzip"}
    asked = WidgetScript(rig.gateway.settings.ingest_url).answer(given)
    script = await rig.client.get(address, headers=FROM_A_SITE)
    assert script.status_code == asked.status == 200
    assert script.headers["content-encoding"] == "gzip"
    for name, value in asked.headers.items():
        assert script.headers[name].startswith(value)  # `Vary` has the `Origin` of CORS besides
    held = {**FROM_A_SITE, "If-None-Match": script.headers["etag"]}
    again = await rig.client.get(address, headers=held)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == script.headers["etag"]
    assert again.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("how", ["unknown", "inactive", "suspended"])
async def test_l4_what_has_no_widget_has_no_script(rig: Rig, boss: User, how: str) -> None:
    address = await connect_site(boss)
    if how == "unknown":
        address = "/livechat/app_0/widget.js"
    elif how == "inactive":
        await connect_site(boss, status="inactive")
    else:
        await rig.operator.done("PATCH", "/v1/organizations/shop", {"suspended": True})
    assert (await rig.client.get(address)).status_code == 404
