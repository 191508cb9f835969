"""`make run` and `make demo`."""

import argparse
import asyncio
import logging
import signal
import sys

from pydantic import ValidationError
from rich.console import Console

from tuyen_doubles.site import SITE_PATH
from tuyen_events.ids import OrganizationId, PageId, livechat_app_id
from tuyen_local import organization, terminal
from tuyen_local.console import ensure_built
from tuyen_local.errors import CannotStart
from tuyen_local.settings import Settings
from tuyen_local.stack import DOUBLES, Stack


async def run(settings: Settings, console: Console) -> int:
    """Starts everything and stays until SIGINT or SIGTERM; the exit status."""
    task = asyncio.current_task()
    told_to_stop = False

    def stop() -> None:
        nonlocal told_to_stop
        if not told_to_stop and task is not None:  # a second Ctrl-C must not cut the end short
            task.cancel()
        told_to_stop = True

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False, soft_wrap=True)

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        async with Stack(settings, say) as stack:
            await organization.bootstrap(stack.gateway_url, settings, stack.secrets)
            await ensure_built(say)
            for name, value in _overview(stack).items():
                say(f"{name:<23}{value}")
            say("ready")
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        if not told_to_stop:
            raise
        say("everything has ended; the data stays for the next run")
    return 0


def _overview(stack: Stack) -> dict[str, str]:
    """What a newcomer needs to look around, secrets included: it is their own machine."""
    settings, secrets = stack.settings, stack.secrets
    rows = {
        "console": stack.gateway_url,
        "gateway": f"{stack.gateway_url}/v1",
        "webhooks": f"{stack.ingest_url}/webhooks/facebook",
        "  of Zalo": f"{stack.ingest_url}/webhooks/zalo",
        "router": f"process {stack.pid('router')}: kill -9 it, and it comes back",
        "data": str(stack.data_dir),
        "organization": settings.bootstrap_org,
        f"  {settings.bootstrap_admin}": secrets.bootstrap_password,
    }
    if settings.demo:
        rows |= {f"  {agent}": password for agent, password in secrets.agent_passwords.items()}
        rows["page"] = f"{organization.PAGE_ID} (Facebook {organization.PAGE_EXTERNAL_ID})"
    if settings.needs_doubles:
        rows["channel doubles"] = f"{stack.url(DOUBLES)}/_double/calls: docs/doubles.md"
    if settings.needs_doubles and settings.demo:
        rows["a tour"] = "docs/tour.md"
        organization_id = OrganizationId(settings.bootstrap_org)
        app_id = livechat_app_id(organization_id, PageId(organization.SITE_ID))
        rows["site with the widget"] = f"{stack.url(DOUBLES)}{SITE_PATH}/{app_id}"
    return rows | {
        "operator token": secrets.operator_token,
        "Facebook app secret": secrets.facebook_app_secret,
        "Facebook verify token": secrets.facebook_verify_token,
        "Facebook app id": secrets.facebook_app_id,
        "Zalo app id": secrets.zalo_app_id,
        "Zalo app secret": secrets.zalo_app_secret,
        "Zalo OA secret": secrets.zalo_oa_secret,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tuyen_local", description=__doc__)
    parser.add_argument("command", choices=["run", "demo"])
    if parser.parse_args().command == "demo":
        from tuyen_local import demo  # noqa: PLC0415 - `run` does not need it

        return demo.main()
    console = Console()
    logging.disable(logging.ERROR)  # clients complain of servers that are still starting
    try:
        with terminal.alone_in_the_foreground():
            return asyncio.run(run(Settings(), console))
    except (CannotStart, ValidationError) as error:
        console.print(f"cannot start: {error}", style="bold red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        return 0  # before anything was started


if __name__ == "__main__":
    sys.exit(main())
