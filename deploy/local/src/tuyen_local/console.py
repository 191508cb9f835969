"""The console's build: from `services/gateway/console` into the gateway's package, where Node is.

`python -m tuyen_local.console build` makes it if its sources have changed, `check` runs the
console's own checks and tests, and `types` writes again what is generated from the API's
description.
"""

import argparse
import asyncio
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

NODE = (20, 19)
"""The oldest version of Node that builds it."""

_WANTED = f"Node {NODE[0]}.{NODE[1]} or newer, which is not on PATH"
_GATEWAY = Path(__file__).parents[4] / "services/gateway"
_STAMP = "sources.sha256"
_BUILT_FROM = ("index.html", "package-lock.json", "vite.config.ts", "compress.mjs", "public", "src")
_LAST_LINES = 5


class ConsoleBuildError(Exception):
    """A command that failed, on one line; `output` is all that it printed."""

    def __init__(self, argv: Sequence[str], output: str) -> None:
        last = " | ".join(output.splitlines()[-_LAST_LINES:])
        super().__init__(f"`{' '.join(argv)}` failed: {last}")
        self.output = output


@dataclass(frozen=True, slots=True)
class ConsoleTree:
    """Where the console's sources are, and where its build goes."""

    sources: Path = _GATEWAY / "console"
    built: Path = _GATEWAY / "src/tuyen_gateway/console"

    @property
    def is_built(self) -> bool:
        return (self.built / "index.html").is_file()

    @property
    def is_fresh(self) -> bool:
        """Whether the build is that of these sources, or there are none to build."""
        if not (self.sources / "package-lock.json").is_file():
            return True
        stamp = self.built / _STAMP
        return self.is_built and stamp.is_file() and stamp.read_text() == self.digest()

    def digest(self) -> str:
        """What the build depends on, in a few milliseconds."""
        found = hashlib.sha256()
        for path in self._files():
            found.update(f"{path.relative_to(self.sources)}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
        return found.hexdigest()

    def _files(self) -> Iterator[Path]:
        for name in _BUILT_FROM:
            path = self.sources / name
            found = sorted(path.rglob("*")) if path.is_dir() else [path]
            yield from (one for one in found if one.is_file() and ".test." not in one.name)


async def ensure_built(say: Callable[[str], None], tree: ConsoleTree | None = None) -> None:
    """Builds the console if it is missing or its sources have changed, and Node is there. What
    keeps it from being built is said in one line: everything else works without it."""
    tree = tree or ConsoleTree()
    if tree.is_fresh:
        return
    if not await has_node():
        if tree.is_built:
            say(f"the console is that of an earlier build: to build it again takes {_WANTED}")
        else:
            say(f"there is no console at /: to build it takes {_WANTED}")
        return
    say("building the console; the first time takes a minute")
    try:
        await build_console(tree)
    except ConsoleBuildError as error:
        say(f"the console could not be built: {error}")


async def has_node() -> bool:
    """Whether a Node that builds the console is on PATH."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return False
    asked = await asyncio.create_subprocess_exec("node", "--version", stdout=PIPE)
    told, _ = await asked.communicate()
    numbers = told.decode().strip().removeprefix("v").split(".")
    return all(part.isdecimal() for part in numbers) and tuple(map(int, numbers)) >= NODE


async def build_console(tree: ConsoleTree) -> None:
    """Builds it, unless another process just did. All or nothing: until then what was there before
    is served. Raises ConsoleBuildError."""
    async with _alone(tree):
        if tree.is_fresh:
            return
        digest = tree.digest()
        await _install(tree)
        place = Path(tempfile.mkdtemp(prefix=".console-", dir=tree.sources.parent))
        try:
            new = place / "new"
            await _run(tree, "npm", "run", "build", "--", "--outDir", str(new), "--emptyOutDir")
            await _run(tree, "node", "compress.mjs", str(new))
            (new / _STAMP).write_text(digest)
            if tree.built.exists():
                tree.built.rename(place / "old")
            new.rename(tree.built)
        finally:
            shutil.rmtree(place, ignore_errors=True)


@asynccontextmanager
async def _alone(tree: ConsoleTree) -> AsyncIterator[None]:
    """Of several processes one is inside, and the others wait."""
    lock = os.open(tree.sources, os.O_RDONLY)
    try:
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


async def _install(tree: ConsoleTree) -> None:
    """The packages that the lock file names; no script of theirs is run."""
    wanted = hashlib.sha256((tree.sources / "package-lock.json").read_bytes()).hexdigest()
    mark = tree.sources / "node_modules/.installed"
    if mark.is_file() and mark.read_text() == wanted:
        return
    await _run(tree, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    mark.write_text(wanted)


async def _run(tree: ConsoleTree, *argv: str) -> str:
    """What the command printed. Raises ConsoleBuildError if it fails."""
    process = await asyncio.create_subprocess_exec(
        *argv, cwd=tree.sources, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT
    )
    try:
        output, _ = await process.communicate()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise
    told = output.decode(errors="replace").strip()
    if process.returncode:
        raise ConsoleBuildError(argv, told)
    return told


async def _check(tree: ConsoleTree) -> None:
    async with _alone(tree):
        await _install(tree)
    for script in (("types", "--", "--check"), ("check",), ("test",)):
        sys.stdout.write(await _run(tree, "npm", "run", "--silent", *script) + "\n")


async def _generate_types(tree: ConsoleTree) -> None:
    async with _alone(tree):
        await _install(tree)
    await _run(tree, "npm", "run", "types")


_ACTIONS = {"build": build_console, "check": _check, "types": _generate_types}


async def _act(action: str, tree: ConsoleTree) -> int:
    if not await has_node():
        sys.stderr.write(f"console: no {action} without {_WANTED}\n")
        return int(action == "build" and not tree.is_fresh)
    try:
        await _ACTIONS[action](tree)
    except ConsoleBuildError as error:
        sys.stderr.write(f"{error.output}\n{error}\n")
        return 1
    return 0


def main(arguments: Sequence[str] | None = None, tree: ConsoleTree | None = None) -> int:
    """The command line; returns the exit status. Without Node only `build` fails, and only if there
    is something to build."""
    parser = argparse.ArgumentParser(prog="python -m tuyen_local.console")
    parser.add_argument("action", choices=_ACTIONS)
    return asyncio.run(_act(parser.parse_args(arguments).action, tree or ConsoleTree()))


if __name__ == "__main__":
    sys.exit(main())
