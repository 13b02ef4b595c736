"""Canonical bytes and hashes of content; receipts: made, read, signed and checked."""
