"""Incremental fetch sessions (KIP-227) for the consumers of aiokafka."""

from tuyen_fetch_sessions._consumer import use_fetch_sessions

__all__ = ["use_fetch_sessions"]
