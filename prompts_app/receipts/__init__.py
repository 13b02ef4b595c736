"""Canonical bytes and hashes of content."""
