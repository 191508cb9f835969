"""Runs presence: `python -m tuyen_presence`."""

from tuyen_platform.service import start
from tuyen_platform.settings import ServiceSettings
from tuyen_presence.bootstrap import build
from tuyen_presence.identity import SERVICE

if __name__ == "__main__":
    start(SERVICE, ServiceSettings(), build)
