"""Connects the router's stages to other parts of the system."""
