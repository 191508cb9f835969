"""Files that agents send and that customers sent (I6): what they are, and where they are stored.

`ports` defines the store, `mongodb` keeps it, `memory` is its twin for tests. `recognizing` decides
by its content what a file is, and `receiving` limits how long it may be.
"""
