"""Time zones as people choose them: by the area and the place they are named after."""

from functools import lru_cache
from typing import Any

from babel import Locale
from babel.core import get_global
from django.utils.translation import get_language, gettext_lazy

from prompts_app.models.accounts import time_zones
from prompts_app.text.fold import fold

# Africa/Abidjan is a place of Africa; names without a place are old spellings of such.
_AREAS: dict[str, Any] = {
    "Africa": gettext_lazy("Africa"),
    "America": gettext_lazy("America"),
    "Antarctica": gettext_lazy("Antarctica"),
    "Arctic": gettext_lazy("Arctic"),
    "Asia": gettext_lazy("Asia"),
    "Atlantic": gettext_lazy("Atlantic"),
    "Australia": gettext_lazy("Australia"),
    "Europe": gettext_lazy("Europe"),
    "Indian": gettext_lazy("Indian Ocean"),
    "Pacific": gettext_lazy("Pacific"),
}


def zone_name(name: str) -> str:
    """Return what a zone is called in the reader's language: by its place, as the list calls it."""
    area, _slash, place = name.partition("/")
    return _place(name, get_language() or "en") if place and area in _AREAS else name


def _place(name: str, language: str) -> str:
    """Return the city of a zone in a language, and what it lies in where its name says so.

    From the Unicode CLDR, as Babel has it: where that has no word of its own, the name says it.
    """
    _area, *around, place = name.replace("_", " ").split("/")
    told = Locale(language)
    city: str = told.time_zones.get(name, {}).get("city", place)
    # Among several of a name the CLDR says itself which: “Knox [Indiana]”.
    if not around or any(sign in city for sign in "[(,"):
        return city
    territory = get_global("zone_territories").get(name, "")
    if around == [Locale("en").territories.get(territory)]:
        around = [told.territories[territory]]
    return ", ".join([city, *reversed(around)])


def zone_choices(current: str = "UTC") -> list[Any]:
    """Return UTC, the one chosen now, and all zones that are named by a place, by area.

    The place stands first, so that typing its first letters finds it.
    """
    by_area = _by_area(get_language() or "en")
    offered = {"UTC", *(name for _area, found in by_area for name, _place in found)}
    single = [("UTC", "UTC")]
    if current not in offered:
        single.append((current, current))
    return [*single, *by_area]


@lru_cache(maxsize=8)
def _by_area(language: str) -> list[tuple[Any, list[tuple[str, str]]]]:
    found: dict[tuple[str, str], list[str]] = {}
    for name in time_zones():
        area, _slash, place = name.partition("/")
        if place and area in _AREAS:
            found.setdefault((area, _place(name, language)), []).append(name)
    older = get_global("zone_aliases")

    def spelled(name: str, place: str) -> tuple[bool, bool, str]:
        return name in older, not name.endswith(place.replace(" ", "_")), name

    # What one place was called at other times are zones too, and would stand there twice.
    named = {at: min(names, key=lambda one: spelled(one, at[1])) for at, names in found.items()}
    by_area = {
        area: [(name, place) for (around, place), name in named.items() if around == area]
        for area in _AREAS
    }
    return [
        (_AREAS[area], sorted(zones, key=lambda one: fold(one[1])))
        for area, zones in by_area.items()
        if zones
    ]
