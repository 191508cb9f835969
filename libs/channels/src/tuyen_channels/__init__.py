"""The channels: signatures and parsers of what Facebook and others send."""
