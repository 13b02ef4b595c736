"""Intake of uploaded pictures and their thumbnails."""
