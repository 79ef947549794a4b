"""Platforms' protocols without I/O: bytes to inbound events, and outbound requests to bytes."""
