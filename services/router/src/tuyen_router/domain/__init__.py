"""The rules of routing as pure functions: one module per family of rules."""
