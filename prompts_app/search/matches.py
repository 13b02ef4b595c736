"""The newest entries that match, at most a thousand: what is counted, filtered and ranked."""

from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef

from prompts_app.models import Entry, Run
from prompts_app.models.entries import EntryQuerySet
from prompts_app.search.engine import engine
from prompts_app.search.keyset import Place
from prompts_app.search.words import score

LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a search; an empty string narrows nothing.

    `tag` is a tag's slug, `language` a code, `model` a model's name, `kind` "text" or "image".
    """

    tag: str = ""
    language: str = ""
    model: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that matches, its published version, and its place in the list."""

    entry: int
    version: int
    language: str
    kind: str
    place: Place


def listed(filters: Filters) -> EntryQuerySet:
    """Return the listed entries within `filters`, the newest first."""
    entries = Entry.objects.listed().filter(published_at__isnull=False)
    if filters.tag:
        entries = entries.filter(tags__slug=filters.tag)
    if filters.language:
        entries = entries.filter(language=filters.language)
    if filters.kind:
        entries = entries.filter(kind=filters.kind)
    if filters.model:
        runs = Run.objects.shown().filter(version=OuterRef("published"), model_asked=filters.model)
        entries = entries.filter(Exists(runs))
    return entries.order_by("-published_at", "-id")


def rows(entries: EntryQuerySet, number: int) -> list[Match]:
    """Return the first `number` entries of a list in order of publication."""
    columns = entries.values_list("pk", "published", "language", "kind", "published_at")
    return [
        Match(pk, version, language, kind, Place.of(moment, pk))
        for pk, version, language, kind, moment in columns[:number]
        if version is not None and moment is not None
    ]


# One row for each condition of `Filters`, in the words of SQL.
_CONDITIONS = {
    "tag": """entry.id IN (SELECT filed.entry_id FROM prompts_app_entry_tags AS filed
        JOIN prompts_app_tag AS tag ON tag.id = filed.tag_id WHERE tag.slug = %s)""",
    "language": "entry.language = %s",
    "kind": "entry.kind = %s",
    "model": """EXISTS (SELECT 1 FROM prompts_app_run AS run
        WHERE run.version_id = entry.published_id AND run.state = 'done' AND NOT run.hidden
        AND run.model_asked = %s)""",
}


def with_words(words: list[str], filters: Filters) -> tuple[list[Match], bool]:
    """Return up to LIMIT matches of all `words`, the best first, and whether there are more.

    Only the newest LIMIT matches are ranked. The index is read from its newest end and no further
    than that, which is why this is no QuerySet: the limit has to stand beside the match.
    """
    ours = engine()
    wanted = {name: getattr(filters, name) for name in _CONDITIONS if getattr(filters, name)}
    conditions = "".join(f" AND {_CONDITIONS[name]}" for name in wanted)
    # Only names of ours are put together here; every value is a parameter.
    statement = f"""
        SELECT {ours.POSITION}, entry.id, entry.published_id, entry.language, entry.kind,
            entry.title, entry.summary
        FROM prompts_app_search AS found
        CROSS JOIN prompts_app_entry AS entry
        CROSS JOIN prompts_app_user AS owner
        WHERE {ours.MATCH} AND entry.id = {ours.ENTRY}
            AND entry.visibility = 'listed' AND entry.published_id IS NOT NULL
            AND owner.id = entry.owner_id AND owner.is_active{conditions}
        ORDER BY {ours.POSITION} DESC LIMIT {LIMIT + 1}"""  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [ours.match(words), *wanted.values()])
        fetched = cursor.fetchall()
    found = [
        Match(pk, version, language, kind, Place(score(words, title, summary), position))
        for position, pk, version, language, kind, title, summary in fetched[:LIMIT]
    ]
    found.sort(key=lambda match: match.place, reverse=True)
    return found, len(fetched) > LIMIT
