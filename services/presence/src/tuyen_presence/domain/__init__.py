"""Sessions with leases, and the presence that follows from them (R8). Pure."""
