"""What is downloaded once and kept for all later runs and checkouts."""

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from tuyen_local.errors import CannotStart


def directory() -> Path:
    """`$XDG_CACHE_HOME/tuyen`, or `~/.cache/tuyen`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tuyen"


async def install_once(name: str, recipe: Path, install: Callable[[Path], Awaitable[None]]) -> Path:
    """The directory that `install` filled for this content of `recipe`; filled now if missing.

    All or nothing: it is filled beside its place and then renamed, so that an interrupted download
    leaves nothing that a later run would take for whole. Of several processes one downloads and
    the others wait.
    """
    place = _place(name, recipe)
    if place.exists():
        return place
    with (directory() / f"{name}.lock").open("w") as lock:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        if place.exists():
            return place
        unfinished = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=directory()))
        try:
            await install(unfinished)
            _complete(unfinished, place)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return place


def _place(name: str, recipe: Path) -> Path:
    directory().mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(recipe.read_bytes()).hexdigest()[:12]
    return directory() / f"{name}-{digest}"


def _complete(unfinished: Path, place: Path) -> None:
    unfinished.chmod(0o755)  # temporary directories are their owner's alone
    unfinished.rename(place)


async def download(argv: Sequence[str], what: str) -> None:
    """Runs a command that downloads `what`; CannotStart with its last lines when it fails."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    if process.returncode:
        tail = " | ".join(output.decode(errors="replace").strip().splitlines()[-3:])
        raise CannotStart(f"{what} could not be downloaded: `{' '.join(argv)}` said: {tail}")
