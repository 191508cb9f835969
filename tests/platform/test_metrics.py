import re

import pytest
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from tuyen_platform import metrics

DECLARED = {
    name: metric for name, metric in vars(metrics).items() if isinstance(metric, MetricWrapperBase)
}
UNITS = ("seconds", "bytes", "ratio")


def find_stored_name(metric: MetricWrapperBase) -> str:
    (family,) = metric.describe()
    return f"{family.name}_total" if isinstance(metric, Counter) else family.name


@pytest.mark.parametrize("name", DECLARED)
def test_a_metric_is_named_for_the_product_in_snake_case_and_described(name: str) -> None:
    metric = DECLARED[name]
    assert re.fullmatch(r"tuyen(_[a-z]+)+", find_stored_name(metric))
    (family,) = metric.describe()
    assert family.documentation.strip()


@pytest.mark.parametrize("name", DECLARED)
def test_o6_a_metrics_name_carries_its_unit(name: str) -> None:
    metric = DECLARED[name]
    unit = find_stored_name(metric).removesuffix("_total").rpartition("_")[2]
    if isinstance(metric, Histogram):
        assert unit in UNITS
    else:
        # What is counted is the unit: events, sessions, conversations.
        assert isinstance(metric, Counter | Gauge)
        assert unit in UNITS or unit.endswith("s")
