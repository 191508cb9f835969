"""`python -m bench.capacity`: the tables of docs/capacity.md, from the figures of the last bench.

The model is arithmetic on measured costs: what an event costs a worker, and Kafka, is the same
wherever it happens; what is waited for is not in it.
"""

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tuyen_events.topic import CUSTOMER_PARTITIONS, ORGANIZATION_PARTITIONS
from tuyen_router.domain.archive import MOST_ENTRIES, REMEMBERED_DAYS

_DOCUMENT = Path(__file__).parents[2] / "docs" / "capacity.md"
_BEGIN, _END = "<!-- written by bench.capacity -->", "<!-- end -->"
_DAY_S = 86_400
_MONTH_DAYS = 30
_BUSY = 0.5
"""How much of a process's core its load may take: the rest is for peaks and for a neighbour's."""
_SPARE = 1
"""So many workers may be missing, and the others still carry the load."""
_REPLICAS = 3
_DECISIONS = 0.3
"""Assignments for one inbound event, in the mix that was measured."""
_ROOT_COMMENTS = 0.2
"""Of the events, in the same mix."""
_YOUNG_DAYS = 2
"""For so long, at most, a root comment is a row and a record of its own."""
_YOUNG_BYTES, _RESTING_BYTES = 330, 25
"""What it takes of a worker's memory, by `tracemalloc`, and at rest."""
_READ_S, _COUNTED_S = 8e-6, 0.2e-6
"""What a start takes for a record, and for a comment at rest."""
_BUCKETS = 4_096
"""Of comments at rest, in a partition."""
_WORKER_GB = 8
"""How much memory a worker is to have at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    pages: int = 10_000
    customers: int = 10_000_000
    events_per_s: int = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What was measured, by the benchmark's own names of the figures."""

    router_cpu_s: float
    """For 1,000 events, as Kafka's."""
    kafka_cpu_s: float
    kept_bytes: float
    """For an event, for ever; and those for a month."""
    month_bytes: float
    memory_gb: float
    """Of a million customers, as the recovery."""
    recovery_s: float
    ingest_cpu_s: float
    """For 1,000 webhooks; and 1,000 events that the gateway folds."""
    gateway_cpu_s: float

    @classmethod
    def of(cls, rows: Mapping[str, float]) -> "Costs":
        """Raises KeyError with the name of a figure that was not measured."""
        million = "1,000,000 customers known"
        return cls(
            router_cpu_s=rows["1 router worker, cost"],
            kafka_cpu_s=rows["1 router worker, Kafka's cost"],
            kept_bytes=rows["Kafka's disk, kept for ever"],
            month_bytes=rows["Kafka's disk, kept for a month"],
            memory_gb=rows[f"router's memory, {million}"],
            recovery_s=rows[f"router's recovery, {million}"],
            ingest_cpu_s=rows["ingest, cost"],
            gateway_cpu_s=rows["projection of the inbox, cost"],
        )


def needs(costs: Costs, wanted: Wanted) -> Iterator[tuple[str, str, str]]:
    """What is needed: of what, how much, and how that comes about."""
    yield from _of_workers(costs, wanted)
    yield from _of_kafka(costs, wanted)
    for what, rate, each in (
        ("ingest processes", wanted.events_per_s, costs.ingest_cpu_s),
        ("gateways, to fold", wanted.events_per_s * (1 + _DECISIONS), costs.gateway_cpu_s),
    ):
        cores = rate / 1000 * each
        many = math.ceil(cores / _BUSY)
        yield what, f"{many}", f"{rate:,.0f}/s are {cores:.1f} cores, {_BUSY:.0%} of one in each"


def _of_workers(costs: Costs, wanted: Wanted) -> Iterator[tuple[str, str, str]]:
    cores = wanted.events_per_s / 1000 * costs.router_cpu_s
    millions = wanted.customers / 10**6
    comments = wanted.events_per_s * _ROOT_COMMENTS
    recent = comments * _YOUNG_DAYS * _DAY_S
    most_at_rest = CUSTOMER_PARTITIONS * _BUCKETS * MOST_ENTRIES
    at_rest = min(comments * REMEMBERED_DAYS * _DAY_S, most_at_rest)
    of_young, of_resting = recent * _YOUNG_BYTES / 10**9, at_rest * _RESTING_BYTES / 10**9
    memory = millions * costs.memory_gb + of_young + of_resting
    recovery = millions * costs.recovery_s + recent * _READ_S + at_rest * _COUNTED_S
    at_work = math.ceil(max(cores / _BUSY, memory / _WORKER_GB))
    events, customers = (
        each / CUSTOMER_PARTITIONS for each in (wanted.events_per_s, wanted.customers)
    )
    yield (
        "partitions, of customers and of organizations",
        f"{CUSTOMER_PARTITIONS} and {ORGANIZATION_PARTITIONS}",
        f"as they are: {events:,.0f} events/s and {customers:,.0f} customers in each",
    )
    yield (
        "router workers",
        f"{at_work + _SPARE}",
        f"{cores:.1f} cores, {_BUSY:.0%} of one in each worker, and {_WORKER_GB} GB at most; "
        f"{_SPARE} may be missing",
    )
    yield (
        "memory of a router worker",
        f"{memory / at_work:.1f} GB",
        f"{memory:.1f} GB on {at_work}: {millions * costs.memory_gb:.1f} for all customers, "
        f"{of_young:.1f} for {recent / 10**6:,.0f} million recent root comments (the full rate all "
        f"day), {of_resting:.1f} for {at_rest / 10**6:,.0f} million at rest, of "
        f"{at_rest / comments / _DAY_S:.0f} days",
    )
    yield (
        "to take a lost worker's share over",
        f"{recovery / at_work:.0f} s",
        f"{costs.recovery_s:.1f} s for a million customers, {10**6 * _READ_S:.0f} s for a million "
        f"young comments, {10**6 * _COUNTED_S:.1f} s for a million at rest, after the session "
        "timeout",
    )


def _of_kafka(costs: Costs, wanted: Wanted) -> Iterator[tuple[str, str, str]]:
    day = wanted.events_per_s * _DAY_S * _REPLICAS
    yield (
        "Kafka's cores",
        f"{wanted.events_per_s / 1000 * costs.kafka_cpu_s * _REPLICAS:.1f}",
        f"of all {_REPLICAS} replicas, for the router's topics",
    )
    yield (
        "Kafka's disk, for ever",
        f"{day * costs.kept_bytes / 10**9:,.0f} GB a day",
        f"the inbound log; {_REPLICAS} replicas, the full rate all day",
    )
    yield (
        "Kafka's disk, for a month",
        f"{day * _MONTH_DAYS * costs.month_bytes / 10**12:,.1f} TB",
        "assignments, requests, answers and pools, the same way",
    )


def tables(bench: Path, wanted: Wanted) -> str:
    """The measured costs and what follows from them, in Markdown."""
    told = json.loads(bench.read_text(encoding="utf-8"))
    costs = Costs.of({row["figure"]: row["value"] for row in told["rows"]})
    machine = told["machine"]
    return "\n".join(
        [
            f"Measured on {machine['cpus']} CPUs with {machine['memory_gib']} GiB "
            f"({machine['system']}, Python {machine['python']}), Kafka and MongoDB beside it.",
            "",
            "| what 1,000 events cost | |",
            "|---|---|",
            f"| a router worker | {costs.router_cpu_s:.3f} CPU s |",
            f"| Kafka, for the router | {costs.kafka_cpu_s:.3f} CPU s |",
            f"| ingest, in webhooks of one event | {costs.ingest_cpu_s:.3f} CPU s |",
            f"| the gateway's projection | {costs.gateway_cpu_s:.3f} CPU s |",
            f"| Kafka's disk, kept for ever | {costs.kept_bytes:,.0f} kB |",
            f"| Kafka's disk, kept for a month | {costs.month_bytes:,.0f} kB |",
            "",
            f"| for {wanted.pages:,} pages, {wanted.customers:,} customers, "
            f"{wanted.events_per_s:,} events/s | needed | because |",
            "|---|---|---|",
            *(f"| {what} | {much} | {why} |" for what, much, why in needs(costs, wanted)),
        ]
    )


def main() -> None:
    """Writes the tables into the document."""
    bench = Path(os.environ.get("TUYEN_DATA_DIR", "var")) / "bench.json"
    before, _, rest = _DOCUMENT.read_text(encoding="utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    try:
        written = tables(bench, Wanted())
    except KeyError as missing:
        sys.exit(f"{bench} has no figure {missing}: run the whole of `make bench`")
    text = f"{before}{_BEGIN}\n\n{written}\n\n{_END}{after}"
    _DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
