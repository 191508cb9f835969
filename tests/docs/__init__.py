"""Pages of `docs` that repeat what the sources say, and the tests that hold them to it."""
