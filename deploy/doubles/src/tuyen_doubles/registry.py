"""The channels that have doubles, by name: the modules of `tuyen_doubles.channels`, each of which
names its own as `DOUBLE`."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from tuyen_doubles import channels
from tuyen_doubles.ports import DoubledChannel


def _find_doubles() -> Iterator[tuple[str, DoubledChannel]]:
    for module in iter_modules(channels.__path__):
        doubled: DoubledChannel = import_module(f"{channels.__name__}.{module.name}").DOUBLE
        if doubled.name != module.name:
            raise TypeError(f"the double of {module.name} has another name: {doubled.name}")
        yield doubled.name, doubled


DOUBLED_CHANNELS: Mapping[str, DoubledChannel] = MappingProxyType(dict(_find_doubles()))


def double_settings() -> dict[str, str]:
    """The settings of all doubles with their defaults, by name in lower case and without the prefix
    of the installation."""
    return {
        name: default
        for each in DOUBLED_CHANNELS.values()
        for name, default in each.settings.items()
    }


def host_paths() -> dict[str, str]:
    """By the setting of the services that has the address of a host, the path that stands for the
    host."""
    return {name: path for each in DOUBLED_CHANNELS.values() for name, path in each.hosts.items()}
