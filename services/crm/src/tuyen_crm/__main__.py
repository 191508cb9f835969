"""Runs the CRM: `python -m tuyen_crm`.

It writes many small records, so its producer waits some milliseconds for more of them.
"""

from tuyen_crm.bootstrap import build
from tuyen_crm.identity import SERVICE
from tuyen_crm.settings import CrmSettings
from tuyen_platform.service import start

if __name__ == "__main__":
    start(SERVICE, CrmSettings(), build, linger_ms=5)
