"""How the site looks where no style sheet reaches: on cards and on paper."""

from collections.abc import Mapping

SITE_NAME = "Promptfolio"

# What lies under white text, as --cover does in static/css/tokens.css.
ACCENTS: Mapping[str, str] = {
    "blue": "#1f4bb0",
    "green": "#0a5f5c",
    "plum": "#76286e",
    "rust": "#923611",
    "slate": "#333a44",
}
# The site's own.
ACCENT = ACCENTS["blue"]
