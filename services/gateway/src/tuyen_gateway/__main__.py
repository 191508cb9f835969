"""Runs one gateway: `python -m tuyen_gateway`."""

from tuyen_gateway.bootstrap import build
from tuyen_gateway.identity import SERVICE
from tuyen_gateway.settings import GatewaySettings
from tuyen_platform.service import start

if __name__ == "__main__":
    start(SERVICE, GatewaySettings(), build)
