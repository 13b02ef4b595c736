"""Readers and writers of foreign formats, all by way of one neutral document."""
