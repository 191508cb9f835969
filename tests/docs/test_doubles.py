"""The page on the channel doubles: each of its commands does what the page says."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from support.doubles import RunningDoubles, running_doubles
from tuyen_doubles.steering import FaultBody

PAGE = Path(__file__).parents[2] / "docs/doubles.md"
ADDRESS = "http://127.0.0.1:8002"
(_NAMED,) = re.findall(r"`\{(seq, .*?)\}`", PAGE.read_text())
FIELDS = _NAMED.split(", ")
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)


async def run(block: str, doubles: RunningDoubles) -> list[Any]:
    """What the commands of a block answer."""
    script = block.replace(ADDRESS, doubles.url)
    script = script.replace("curl -s", "curl -s --noproxy '*' -w '\\n'")
    process = await asyncio.create_subprocess_exec(
        "bash", "-ec", script, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return [json.loads(line) for line in output.decode().splitlines() if line]


async def test_every_command_of_the_page_does_what_the_page_says() -> None:
    say, say_more, receipt, post, call, faults, tokens = BLOCKS
    async with running_doubles() as doubles:
        said = await run(say, doubles) + await run(say_more, doubles)
        assert [each["delivered"] for each in said] == [True] * 3
        assert await run(receipt, doubles) == [{"delivered": True}]
        assert await run(post, doubles) == [{"post_id": "104000000000001_332029982914750"}]
        sent, calls = await run(call, doubles)
        assert calls["items"][0]["answered"] == {"status": 200, "body": sent}
        assert list(calls["items"][0]) == FIELDS
        switched_on, *_ = await run(faults, doubles)
        assert switched_on["items"][0]["left"] == 3
        assert await doubles.calls(action="send", after=1) == []
        (refused,) = await run(tokens, doubles)
        assert refused["error"]["code"] == 190


def test_the_page_names_every_field_of_a_fault() -> None:
    for name in FaultBody.model_fields:
        assert f"`{name}`" in PAGE.read_text()
