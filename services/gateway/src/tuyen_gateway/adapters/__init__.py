"""What the gateway knows from the log, and how it writes to it."""
