"""The logger of our subclasses of Faust's classes: below `faust`, whose level the process sets.

Otherwise Faust would log under our modules' names, including tables of all partitions. At WARNING
its DEBUG and INFO records are not even built, which would otherwise happen for every message.
"""

import logging

FAUST_LOGGER = logging.getLogger("faust.stream")
