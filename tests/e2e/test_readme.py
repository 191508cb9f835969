"""What the README tells a newcomer to type does what it says."""

import asyncio
import re
from pathlib import Path

from support.shop import Shop
from tuyen_local.stack import Stack

README = Path(__file__).parents[2] / "README.md"


def _snippet(containing: str) -> str:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    (found,) = [block for block in blocks if containing in block]
    return str(found)


async def test_the_readmes_curl_puts_a_message_into_the_inbox(stack: Stack, shop: Shop) -> None:
    script = (
        _snippet("curl")
        .replace("=...", f"={stack.secrets.facebook_app_secret}")
        .replace("http://127.0.0.1:8001", stack.ingest_url)
        .replace("104000000000001", shop.facebook.page)
        .replace("curl -s", "curl -s --fail --noproxy '*'")
    )

    process = await asyncio.create_subprocess_exec("bash", "-ec", script)

    assert await process.wait() == 0
    row = await shop.row("6700000000000001")
    assert row["last_text"] == "Còn size M không shop?"


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (README.parent / "Makefile").read_text()
    documents = [README, *README.parent.glob("docs/**/*.md"), README.parent / "CONTRIBUTING.md"]
    named = {
        target
        for document in documents
        for target in re.findall(r"(?:^|`)make ([a-z]+)\b", document.read_text(), re.MULTILINE)
    }
    assert {"run", "demo", "test", "check", "bench"} <= named
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
