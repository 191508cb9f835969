"""Runs the service: `python -m tuyen_outbound`."""

from tuyen_outbound.bootstrap import build
from tuyen_outbound.identity import SERVICE
from tuyen_outbound.settings import OutboundSettings
from tuyen_platform.service import start

if __name__ == "__main__":
    start(SERVICE, OutboundSettings(), build)
