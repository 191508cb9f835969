"""The figures' form, their bars, and what the model makes of them."""

import json
from pathlib import Path

import pytest

from bench.capacity import Costs, Wanted, needs
from bench.report import Bar, Row, compare, median_of, publish


def test_the_file_has_the_fields_that_others_read_and_no_more(tmp_path: Path) -> None:
    rows = [
        compare("ingest", "webhooks/s", [6.0, 8.0], "bare", [10.0, 10.0], bar=Bar(0.6)),
        median_of("recovery", "s", [3.0, 1.0, 2.0], Bar(most=15)),
    ]
    publish(rows, tmp_path / "var" / "bench.json")
    told = json.loads((tmp_path / "var" / "bench.json").read_text())
    assert told.keys() == {"machine", "rows"}
    assert told["rows"] == [
        {
            "figure": "ingest",
            "value": 7.0,
            "unit": "webhooks/s",
            "baseline": "bare",
            "baseline_value": 10.0,
            "ratio": 0.7,
            "runs": 2,
        },
        {
            "figure": "recovery",
            "value": 2.0,
            "unit": "s",
            "baseline": None,
            "baseline_value": None,
            "ratio": None,
            "runs": 3,
        },
    ]


@pytest.mark.parametrize(
    ("bar", "value", "ratio", "reached"),
    [
        (Bar(10), 5.0, 11.0, True),
        (Bar(10), 11.0, 5.0, False),
        (Bar(most=15), 15.0, None, True),
        (Bar(most=15), 15.1, None, False),
    ],
)
def test_a_bar_is_about_the_ratio_where_there_is_one(
    bar: Bar, value: float, ratio: float | None, reached: bool
) -> None:
    assert bar.reached(Row(figure="", unit="", value=value, ratio=ratio)) is reached


def test_a_ratio_is_the_median_of_the_pairs_and_not_of_the_medians() -> None:
    row = compare("", "", [10.0, 20.0, 60.0], "", [10.0, 40.0, 30.0])
    assert (row.value, row.baseline_value, row.ratio) == (20.0, 30.0, 1.0)


def test_the_model_follows_from_the_costs() -> None:
    costs = Costs(
        router_cpu_s=0.2,
        kafka_cpu_s=0.1,
        kept_bytes=500,
        month_bytes=300,
        memory_gb=0.8,
        recovery_s=10,
        ingest_cpu_s=0.25,
        gateway_cpu_s=0.5,
    )
    found = {what: much for what, much, _ in needs(costs, Wanted())}
    assert found == {
        "partitions, of customers and of organizations": "24 and 12",
        "router workers": "11",  # 80 GB of memory, 8 GB in each, one to spare
        "memory of a router worker": "8.0 GB",
        "to take a lost worker's share over": "160 s",
        "Kafka's cores": "1.5",
        "Kafka's disk, for ever": "648 GB a day",
        "Kafka's disk, for a month": "11.7 TB",
        "ingest processes": "3",
        "gateways, to fold": "7",
    }
