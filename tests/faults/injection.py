"""Carries out the faults of a plan on a cluster, and undoes them again."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import suppress

from faults.cluster import Cluster, Service, Store
from faults.journal import Journal
from faults.tenants import Json
from support.slow_proxy import SlowProxy

MOST_WORKERS = 4
_FOREVER_S = 3600.0
_CLOCK_JUMP_S = 240.0
"""Far beyond a lease, well below the life of a token."""


class Injection:
    """Every fault is over when its `inject` returns. Several may be under way at once."""

    def __init__(self, cluster: Cluster, journal: Journal) -> None:
        self._cluster = cluster
        self._journal = journal

    async def inject(self, fault: Json) -> None:
        what, target = fault["what"], fault["target"]
        if target in ("kafka", "mongodb"):
            store: Store = getattr(self._cluster, target)
            done: str | None = target
            if not await store.restart(killed=what == "kill", away_s=fault["lasts_s"]):
                done = None
        elif "/" in target:
            done = await self._on_link(fault)
        else:
            done = await self._on_service(fault)
        if done is not None:
            self._journal.note("fault", counted=f"{what} {target}", fault=fault, on=done)

    async def _on_service(self, fault: Json) -> str | None:
        service = self._choose(fault["target"], fault["which"])
        if service is None:
            return None
        match fault["what"]:
            case "kill":
                service.send(signal.SIGKILL)
            case "terminate":
                service.send(signal.SIGTERM)
            case "freeze":
                await self._freeze(service, fault["lasts_s"])
            case "add worker":
                if len(self._cluster.of("router")) >= MOST_WORKERS:
                    return None
                service = await self._cluster.add_worker()
            case "take worker away" | "lose worker":
                if len(self._cluster.of("router")) == 1:
                    return None
                if fault["what"] == "lose worker":
                    service.send(signal.SIGKILL)
                await self._cluster.remove(service)
            case "set clock":
                back = -1 if fault["which"] < 0.5 else 1
                service.set_clock(back * fault["amount"] * _CLOCK_JUMP_S)
                await asyncio.sleep(fault["lasts_s"])
                service.set_clock(0.0)
            case other:
                raise ValueError(f"there is no fault {other!r}")
        return service.name

    async def _freeze(self, service: Service, lasts_s: float) -> None:
        pid = service.pid
        service.send(signal.SIGSTOP)
        try:
            await asyncio.sleep(lasts_s)
        finally:
            with suppress(ProcessLookupError):  # somebody killed it meanwhile
                os.kill(pid, signal.SIGCONT)

    async def _on_link(self, fault: Json) -> str | None:
        kind, _, store = fault["target"].partition("/")
        service = self._choose(kind, fault["which"])
        if service is None:
            return None
        link = service.links[store]
        try:
            for _ in _under(link, fault):
                await asyncio.sleep(fault["lasts_s"])
        finally:
            link.delay_s, link.deaf = 0.0, False
        return f"{service.name}/{store}"

    def _choose(self, kind: str, which: float) -> Service | None:
        """`any` service, or one of several of a kind; None while a rebuild keeps all of it down."""
        found = [*self._cluster.services.values()] if kind == "any" else self._cluster.of(kind)
        return found[int(which * len(found))] if found else None


def _under(link: SlowProxy, fault: Json) -> Iterator[None]:
    """Does what the fault says to a connection; what is held back by then is lost at its end."""
    match fault["what"]:
        case "slow":
            link.delay_s = fault["amount"]
            yield
        case "cut":
            for _ in range(3):
                link.cut()
                yield
        case "deafen":
            link.deaf = True
            yield
            link.cut()
        case "cut off":
            link.delay_s = _FOREVER_S
            yield
            link.cut()
        case other:
            raise ValueError(f"there is no fault {other!r}")
