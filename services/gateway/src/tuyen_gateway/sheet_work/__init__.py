"""Reads and writes the files with tables in a process of its own (`python -m
tuyen_gateway.sheet_work`), whose processor time and memory are limited: what a hostile file costs,
it costs only this process (R9.5)."""
