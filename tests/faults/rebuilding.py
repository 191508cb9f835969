"""Views made again, and bodies read again, with the project's own commands."""

import asyncio
import os
import sys

from faults.cluster import DATABASE, Cluster
from faults.journal import Journal
from faults.settling import behind, ends_of
from faults.tenants import Json
from support.shop import eventually
from support.views import plain_counters, without_revision
from tuyen_crm.projections.crm import VIEWS
from tuyen_gateway.projections.collections import COLLECTIONS, COUNTERS
from tuyen_platform.mongodb import connect

_PATIENCE_S = 180.0
_COLLECTIONS = (*COLLECTIONS, *(view.collection for view in VIEWS))
_REBUILDS = ("tuyen_gateway.rebuild", "tuyen_crm.rebuild")


async def rebuilt(cluster: Cluster) -> tuple[dict[str, dict[str, Json]], ...]:
    """Stops who folds the views and makes them again; the views' documents before and after."""
    folding = [*cluster.of("gateway"), *cluster.of("crm")]
    for service in folding:
        await cluster.remove(service)
    before = await _documents(cluster)
    ends = await ends_of(cluster.kafka.address)
    await _rebuild(cluster)
    await asyncio.gather(*(cluster.put_back(service) for service in folding))

    async def folded() -> bool:
        return not any("view" in each for each in await behind(cluster, ends))

    await eventually(folded, lambda: "the views are not made again", _PATIENCE_S)
    return before, await _documents(cluster)


async def in_the_middle(cluster: Cluster, journal: Journal) -> None:
    """The same while customers write, workers die and servers go away. Nobody is served by a
    gateway meanwhile."""
    folding = [*cluster.of("gateway"), *cluster.of("crm")]
    for service in folding:
        await cluster.remove(service)
    try:
        await _rebuild(cluster)
    finally:
        await asyncio.gather(*(cluster.put_back(service) for service in folding))
    journal.note("rebuilt")


async def read_again(cluster: Cluster) -> None:
    """P3: every body that was ever accepted, which must change nothing (R9.2)."""
    assert await _run(cluster, "tuyen_ingest.replay", "raw") == 0, "replay failed: see its log"


async def _rebuild(cluster: Cluster) -> None:
    """As an operator would, who does it again when a server was away, or when somebody who folds
    was still known to Kafka."""
    for module in _REBUILDS:

        async def done(module: str = module) -> bool:
            return await _run(cluster, module) == 0

        await eventually(done, lambda: f"{_REBUILDS} fail: see their logs", _PATIENCE_S)


async def _run(cluster: Cluster, module: str, *arguments: str) -> int:
    """Its exit status."""
    settings = cluster.settings(cluster.kafka.address, cluster.mongodb.address)
    with (cluster.directory / "logs" / f"{module}.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, *arguments),
            env=os.environ | settings,
            stdout=output,
            stderr=output,
        )
        return await process.wait()


async def _documents(cluster: Cluster) -> dict[str, dict[str, Json]]:
    database = connect(cluster.mongodb.address, DATABASE)
    try:
        found = {name: await database[name].find().to_list(None) for name in _COLLECTIONS}
        found[COUNTERS] = [plain_counters(each) for each in found[COUNTERS]]
        return {
            name: {each["_id"]: without_revision(each) for each in documents}
            for name, documents in found.items()
        }
    finally:
        database.client.close()
