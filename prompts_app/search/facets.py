"""What the matches of a search have in common, counted."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count

from prompts_app.models import Run, Tag
from prompts_app.search.engine import engine
from prompts_app.search.matches import Match

MOST = 12


@dataclass(frozen=True, slots=True)
class Choice:
    """A value to narrow the search by, and how many of the matches have it.

    `is_demo`: the model is one of scripted rules.
    """

    value: str
    label: str
    count: int
    is_demo: bool = False


@dataclass(frozen=True, slots=True)
class Facets:
    """The most frequent values among the matches, the most frequent first."""

    tags: list[Choice]
    languages: list[Choice]
    models: list[Choice]
    kinds: list[Choice]


def facets_of(matches: list[Match]) -> Facets:
    """Count the matches by tag, language, model and kind, with two queries.

    An entry counts for a model when visitors can see a run of its published version on it: what
    may be tried changes with budgets and keys, what was shown stays.
    """
    if not matches:
        return Facets([], [], [], [])
    return Facets(
        tags=_tags(matches),
        languages=_counted(match.language for match in matches),
        models=_models(matches),
        kinds=_counted(match.kind for match in matches),
    )


def _counted(values: Iterable[str]) -> list[Choice]:
    counts = Counter(values)
    return [
        Choice(value, value, count)
        for value, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def _tags(matches: list[Match]) -> list[Choice]:
    rows = (
        Tag.objects.filter(entries__in=engine().ids([match.entry for match in matches]))
        .annotate(count=Count("entries"))
        .order_by("-count", "slug")
        .values_list("slug", "name", "count")
    )
    return [Choice(slug, name, count) for slug, name, count in rows[:MOST]]


def _models(matches: list[Match]) -> list[Choice]:
    rows = (
        Run.objects.shown()
        .filter(version__in=engine().ids([match.version for match in matches]))
        .exclude(model_asked="")
        .values_list("model_asked", "is_demo")
        .annotate(count=Count("version", distinct=True))
        .order_by("-count", "model_asked")
    )
    return [Choice(name, name, count, demo) for name, demo, count in rows[:MOST]]
