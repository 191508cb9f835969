"""Where what Faust says of our subclasses goes: below `faust`, whose level the process sets.

Faust would log it under our modules' names, tables of all partitions included. At WARNING its
records at DEBUG and INFO are not even built, which it otherwise does for every message.
"""

import logging

FAUST_LOGGER = logging.getLogger("faust.chunks")
