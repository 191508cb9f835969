"""Runs a worker of the router: `python -m tuyen_router`."""

from tuyen_platform.service import start
from tuyen_router.bootstrap import build
from tuyen_router.identity import SERVICE
from tuyen_router.settings import RouterSettings

if __name__ == "__main__":
    start(SERVICE, RouterSettings(), build)
