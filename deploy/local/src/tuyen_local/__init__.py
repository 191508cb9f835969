"""Starts the whole of Tuyến on one machine."""
