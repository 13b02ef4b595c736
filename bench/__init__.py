"""Measurements, and the rows they need."""
