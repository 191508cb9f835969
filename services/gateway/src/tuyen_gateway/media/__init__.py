"""Fetches the media of customers' messages before their addresses at the channels expire."""
