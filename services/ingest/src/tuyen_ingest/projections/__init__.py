"""Views that are folded from the log."""
