"""The channels that have doubles: a module for each, which the registry finds by its place."""
