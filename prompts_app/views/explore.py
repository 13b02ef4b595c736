"""Home, and Explore: every listed entry by words and filters."""

from dataclasses import asdict, replace
from typing import Any

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from prompts_app import http, search
from prompts_app.http import Request
from prompts_app.models import Entry
from prompts_app.search import Choice, Filters, Page
from prompts_app.templatetags.sentences import language_name
from prompts_app.text import clean
from prompts_app.views import profiles
from prompts_app.views.cards import cards_of

STRONG = 6
MAX_QUERY = 200
# No tag, code or name of a model is longer.
_MAX_FILTER = 120


@require_safe
@http.kept
def home(request: Request) -> HttpResponse:
    """What this is, a search field and six entries; or the profile of the site's owner.

    An owner who has nothing to show yet leaves visitors the usual page.
    """
    if settings.SITE_OWNER:
        try:
            return profiles.profile_page(request, settings.SITE_OWNER)
        except Http404:
            pass
    return render(request, "home/page.html", {"cards": cards_of(search.strong(STRONG))})


@require_safe
@http.kept
def explore(request: Request) -> HttpResponse:
    """A page of the entries that match; the whole state is in the address."""
    query = _argument(request, "q", MAX_QUERY)
    filters = Filters(
        tag=_argument(request, "tag"),
        language=_argument(request, "language"),
        model=_argument(request, "model"),
        kind=_argument(request, "kind"),
    )
    if filters.kind not in Entry.Kind.values:
        filters = replace(filters, kind="")
    after, before = _argument(request, "after"), _argument(request, "before")
    page = search.explore(query, filters, after=after, before=before)
    first = page.newer is None
    edge = {} if first else {"after": after} if after else {"before": before}
    context = {
        "nav": "explore",
        "query": query,
        "kept_filters": _wanted(filters),
        "groups": _groups(query, filters, page),
        "cards": _rows(page.entries),
        "count": page.total,
        "total": _counted(page.total, page),
        "canonical": _address(query, filters, **edge),
        "without_filters": _address(query, Filters()),
        "newer": _address(query, filters, before=page.newer) if page.newer else "",
        "older": _address(query, filters, after=page.older) if page.older else "",
    }
    return render(request, "explore/page.html", context)


def _argument(request: Request, name: str, most: int = _MAX_FILTER) -> str:
    """Return an argument of the address; one that no form of ours could have sent is ignored."""
    value = request.GET.get(name, "").strip()[:most]
    return "" if clean.problem(value, multiline=False) else value


def _address(query: str, filters: Filters, **edge: str | None) -> str:
    """Return the one address of a state: always the same arguments in the same order."""
    arguments = {"q": query, **asdict(filters), **edge}
    written = urlencode({name: value for name, value in arguments.items() if value})
    return f"{reverse('explore')}?{written}" if written else reverse("explore")


def _counted(count: int, page: Page) -> str:
    shown = number_format(count, use_l10n=True, force_grouping=True)
    return f"{shown}+" if page.total_is_capped else shown


def _wanted(filters: Filters) -> dict[str, str]:
    return {name: value for name, value in asdict(filters).items() if value}


def _label(name: str, choice: Choice) -> str:
    if name == "language":
        return language_name(choice.value)
    if name == "kind":
        return str(Entry.Kind(choice.value).label).capitalize()
    if choice.is_demo:
        # The label of the demo model goes wherever its runs count for something.
        return _("%(model)s (demo model: scripted rules, not a language model)") % {
            "model": choice.label
        }
    return choice.label


def _groups(query: str, filters: Filters, page: Page) -> list[dict[str, Any]]:
    """Return the filters: [{name, title, choices: [{label, count, url, chosen}]}].

    A chosen one stays in sight even when nothing matches; its address is the one without it. A
    group whose only choice all matches share would narrow nothing and is left out.
    """
    titles = {
        "tag": (_("Tag"), page.facets.tags),
        "language": (_("Language"), page.facets.languages),
        "model": (_("Model"), page.facets.models),
        "kind": (_("Makes"), page.facets.kinds),
    }
    wanted = _wanted(filters)
    groups = []
    for name, (title, choices) in titles.items():
        chosen = wanted.get(name, "")
        if chosen and all(choice.value != chosen for choice in choices):
            choices = [Choice(chosen, chosen, page.total), *choices]
        if (
            not chosen
            and all(choice.count == page.total for choice in choices[:1])
            and (len(choices) < 2)
        ):
            continue
        groups.append(
            {
                "title": title,
                "choices": [
                    {
                        "label": _label(name, choice),
                        "count": _counted(choice.count, page),
                        "chosen": choice.value == chosen,
                        "url": _address(
                            query,
                            replace(
                                filters, **{name: "" if choice.value == chosen else choice.value}
                            ),
                        ),
                    }
                    for choice in choices
                ],
            }
        )
    return groups


def _rows(entries: list[Entry]) -> list[dict[str, Any]]:
    """Return the entries as rows: what cards show, and the language of each."""
    cards = cards_of(entries)
    for entry, card in zip(entries, cards, strict=True):
        card["facts"] = [language_name(entry.language)]
    return cards
