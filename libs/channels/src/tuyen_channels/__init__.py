"""The channels: signatures and parsers for what Facebook and others send."""
