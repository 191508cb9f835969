"""Runs ingest: `python -m tuyen_ingest`."""

from tuyen_ingest.bootstrap import build
from tuyen_ingest.identity import SERVICE
from tuyen_ingest.settings import IngestSettings
from tuyen_platform.service import start

if __name__ == "__main__":
    start(SERVICE, IngestSettings(), build, linger_ms=5)
