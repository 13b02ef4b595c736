"""Dates in French; an hour follows its day with "à"."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y à H:i"
