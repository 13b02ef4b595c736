"""Typeset pages: the card that stands for a link, and the dossier as PDF."""
