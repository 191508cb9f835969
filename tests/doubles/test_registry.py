"""The registry of doubles."""

from tuyen_channels.connectors import connector_settings
from tuyen_doubles.registry import DOUBLED_CHANNELS, double_settings, host_paths


def test_a_hosts_path_and_a_setting_belong_to_one_double() -> None:
    hosts = [path for each in DOUBLED_CHANNELS.values() for path in each.hosts.values()]
    assert len(set(hosts)) == len(hosts)
    for name, doubled in DOUBLED_CHANNELS.items():
        assert all(each.startswith(f"{name}_") for each in (*doubled.settings, *doubled.hosts))
    assert set(double_settings()).isdisjoint(host_paths())


def test_p5_a_connector_whose_channel_has_a_double_finds_its_hosts_there() -> None:
    called = {
        name
        for name, default in connector_settings().items()
        if default.startswith("https://") and name.partition("_")[0] in DOUBLED_CHANNELS
    }
    assert called <= set(host_paths())
